"""The public keys of meters, as operators have them from their manufacturers."""

import re

_ARMOUR = re.compile(r"-----[A-Z ]+-----")


def der_in_hex(key: str) -> str:
    """Return an elliptic curve's public key, given in PEM, hex or base64, as DER in hex.

    Raises:
        ValueError: It is none, or of a curve that meters do not sign with.
    """
    from pyocmf import PublicKey, PyOCMFError  # noqa: PLC0415 - slow to load, and seldom needed

    bare = "".join(_ARMOUR.sub("", key).split())
    try:
        return PublicKey.from_string(bare).key.upper()
    except (PyOCMFError, ValueError) as error:
        raise ValueError(
            "this is no public key of an elliptic curve in PEM, or in DER as hex or base64"
        ) from error
