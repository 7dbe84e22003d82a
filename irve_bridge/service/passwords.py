"""Charge points' passwords: kept only as salted hashes, compared in constant time."""

import base64
import binascii
import hashlib
import hmac
import secrets

# A charge point's password is a random key of 16 bytes or more (OCPP 1.6 security whitepaper,
# AuthorizationKey), so the cost only has to slow guessing down, not a fleet that reconnects.
COST, BLOCK, PARALLEL = 2**12, 8, 1
SALT_BYTES = 16
KEY_HEX_DIGITS = range(32, 41, 2)


def hash_password(password: str) -> str:
    """Return what to store for a password: scrypt's parameters, salt and key, as text."""
    salt = secrets.token_bytes(SALT_BYTES)
    key = _scrypt(password.encode(), salt, COST, BLOCK, PARALLEL)
    salt_text, key_text = (base64.b64encode(part).decode() for part in (salt, key))
    return f"scrypt${COST}${BLOCK}${PARALLEL}${salt_text}${key_text}"


def matches(password: str | bytes, stored: str) -> bool:
    """Return whether this is the password that `stored` was made of.

    An AuthorizationKey is configured as hex digits; some charge points send the digits, others
    the bytes they stand for (OCPP 1.6 security whitepaper, A00.FR.205). Both are right.

    Raises:
        ValueError: `stored` was not made by `hash_password`.
    """
    _, cost, block, parallel, salt, key = stored.split("$")
    presented = password.encode() if isinstance(password, str) else password
    presented_key = _scrypt(presented, base64.b64decode(salt), int(cost), int(block), int(parallel))
    return hmac.compare_digest(presented_key, base64.b64decode(key))


def _scrypt(password: bytes, salt: bytes, cost: int, block: int, parallel: int) -> bytes:
    return hashlib.scrypt(_key(password), salt=salt, n=cost, r=block, p=parallel)


def _key(password: bytes) -> bytes:
    """Return the bytes that hex digits of an AuthorizationKey's length stand for."""
    if len(password) in KEY_HEX_DIGITS:
        try:
            return binascii.unhexlify(password)
        except ValueError:
            pass
    return password
