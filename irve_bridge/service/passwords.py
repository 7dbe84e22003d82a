"""Charge points' passwords: kept only as salted hashes, compared in constant time.

A key of 16 to 20 random bytes cannot be guessed, however fast: one HMAC is all it needs, so that a
fleet can come back at once. Any other password is slow to check (scrypt, about 15 ms).
"""

import base64
import binascii
import hashlib
import hmac
import secrets

COST, BLOCK, PARALLEL = 2**12, 8, 1
SALT_BYTES = 16
KEY_BYTES = range(16, 21)
"""An AuthorizationKey (OCPP 1.6 security whitepaper A00.FR.205)."""


def authorization_key(text: str) -> bytes | None:
    """Return the bytes that hex digits of an AuthorizationKey stand for; None for other text."""
    if len(text) not in {2 * length for length in KEY_BYTES}:
        return None
    try:
        return binascii.unhexlify(text)
    except ValueError:
        return None


def hash_password(password: str) -> str:
    """Return what to store for a password: how it was hashed, salt and hash, as a line of text."""
    salt = secrets.token_bytes(SALT_BYTES)
    key = authorization_key(password)
    if key is not None:
        return "$".join(("hmac", _text(salt), _text(_quick(key, salt))))
    slow = _slow(password.encode(), salt, COST, BLOCK, PARALLEL)
    return "$".join(("scrypt", str(COST), str(BLOCK), str(PARALLEL), _text(salt), _text(slow)))


def is_quick(stored: str) -> bool:
    """Return whether a password is compared with this at no cost: it cannot be guessed."""
    return stored.startswith("hmac$")


def matches(password: str | bytes, stored: str) -> bool:
    """Return whether this is the password that `stored` was made of.

    An AuthorizationKey is configured as hex digits; some charge points send the digits, others
    the bytes they stand for (OCPP 1.6 security whitepaper, A00.FR.205). Both are right.

    Raises:
        ValueError: `stored` was not made by `hash_password`.
    """
    presented = _key(password.encode() if isinstance(password, str) else password)
    method, *parameters, salt, key = stored.split("$")
    salted = base64.b64decode(salt)
    if method == "hmac":
        presented = _quick(presented, salted)
    else:
        cost, block, parallel = map(int, parameters)
        presented = _slow(presented, salted, cost, block, parallel)
    return hmac.compare_digest(presented, base64.b64decode(key))


def _quick(key: bytes, salt: bytes) -> bytes:
    return hmac.digest(salt, key, "sha256")


def _slow(password: bytes, salt: bytes, cost: int, block: int, parallel: int) -> bytes:
    return hashlib.scrypt(password, salt=salt, n=cost, r=block, p=parallel)


def _key(password: bytes) -> bytes:
    """Return the bytes that hex digits of an AuthorizationKey's length stand for."""
    key = authorization_key(password.decode("ascii")) if password.isascii() else None
    return password if key is None else key


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
