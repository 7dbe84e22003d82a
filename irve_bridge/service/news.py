"""What nodes tell one another once it is stored; who misses it finds it out later."""

import msgspec

NEWS = "nodes"
"""The topic that every node listens to."""


class News(msgspec.Struct, frozen=True, omit_defaults=True):
    """A session that a node changed, or a charge point that connected to it and was another's."""

    node_id: str
    session_id: str | None = None
    charge_point_id: str | None = None


_decoder = msgspec.json.Decoder(News)
encode = msgspec.json.Encoder().encode


def decode(message: bytes) -> News:
    """Return what was told.

    Raises:
        msgspec.ValidationError: It is none of these.
    """
    return _decoder.decode(message)
