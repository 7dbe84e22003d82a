"""A charge point's password opens its own lock only, in either of its forms."""

import pytest

from irve_bridge.service.passwords import hash_password, is_quick, matches

KEY = "0001fe" + "ab" * 17


@pytest.mark.parametrize(
    ("password", "presented", "opens"),
    [
        ("hunter2hunter2hunter2", b"hunter2hunter2hunter2", True),
        ("hunter2hunter2hunter2", b"hunter2hunter2hunter3", False),
        ("hunter2hunter2hunter2", b"", False),
        ("é" * 16, ("é" * 16).encode(), True),
        (KEY, KEY.encode(), True),
        (KEY, KEY.upper().encode(), True),
        (KEY, bytes.fromhex(KEY), True),
        (KEY, bytes.fromhex(KEY)[:-1], False),
        ("abcd", bytes.fromhex("abcd"), False),
        ("g" * 40, b"g" * 40, True),
    ],
)
def test_it_opens_as_text_as_hex_or_as_its_bytes(
    password: str, presented: bytes, opens: bool
) -> None:
    """Only a key of 16 to 20 bytes has two forms (OCPP 1.6 security whitepaper, A00.FR.205)."""
    assert matches(presented, hash_password(password)) is opens


def test_what_is_stored_is_salted_and_does_not_hold_the_password() -> None:
    first, second = hash_password(KEY), hash_password(KEY)
    assert first != second
    assert KEY not in first


@pytest.mark.parametrize(
    ("password", "quick"), [(KEY, True), (KEY[:32], True), (KEY[:30], False), ("g" * 40, False)]
)
def test_only_what_cannot_be_guessed_is_hashed_quickly(password: str, quick: bool) -> None:
    """16 random bytes are more than anybody can try; words are not."""
    assert is_quick(hash_password(password)) is quick
