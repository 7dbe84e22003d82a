"""Secrets in what is kept and shown of conversations with charge points."""

import re
from typing import Any

MASK = "***"
_SECRET_KEY = re.compile(r"authorizationkey|pass(word|wd|phrase)|secret|privatekey", re.IGNORECASE)
_PASSWORD_IN_URL = re.compile(r"(?<=://)([^/@\s:]*):[^/@\s]+(?=@)")


def masked(said: Any) -> Any:
    """Return a payload without the values of secret configuration keys and passwords in URLs."""
    match said:
        case dict():
            named = said.get("key")
            secret = isinstance(named, str) and _SECRET_KEY.search(named)
            return {
                name: MASK if secret and name == "value" else masked(value)
                for name, value in said.items()
            }
        case list():
            return [masked(each) for each in said]
        case str():
            return _PASSWORD_IN_URL.sub(rf"\1:{MASK}", said)
    return said
