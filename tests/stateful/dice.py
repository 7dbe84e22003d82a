import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from random import Random
from typing import Any
from unittest.mock import patch


@contextmanager
def loaded() -> Iterator[None]:
    """Make every id that bridge and simulator draw the same in each telling of a story."""
    dice = Random(0)

    def token_hex(nbytes: int = 32) -> str:
        return dice.randbytes(nbytes).hex()

    def choice(sequence: Sequence[Any]) -> Any:
        return dice.choice(sequence)

    loaded: dict[str, Any] = {
        "token_hex": token_hex,
        "token_urlsafe": token_hex,
        "choice": choice,
        "randbelow": dice.randrange,
        "randbits": dice.getrandbits,
    }
    with patch.multiple(secrets, **loaded):
        yield
