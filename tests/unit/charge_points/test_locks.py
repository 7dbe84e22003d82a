"""Guessing gets slow; who knows the password and a fleet that comes back do not."""

import asyncio
from dataclasses import dataclass

import pytest

from irve_bridge.charge_points import locks
from irve_bridge.charge_points.locks import Busy, HeldBack, Locks
from irve_bridge.domain.charge_point import ChargePoint
from irve_bridge.service.passwords import hash_password

WORDS = "correct horse battery"
KEY = "0001fe" + "ab" * 17


def point(name: str = "CP1", **hashes: str) -> ChargePoint:
    return ChargePoint(id=name, name=name, operator_name="Op", operator_phone="1", **hashes)


@dataclass
class Watch:
    now_s: float = 1_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def watch() -> Watch:
    return Watch()


async def test_it_says_which_key_was_shown(watch: Watch) -> None:
    """Each of those that may have been taken opens; the login then decides."""
    cp = point(password_hash=hash_password(WORDS), next_password_hash=hash_password(KEY))
    doors = Locks(watch)
    assert await doors.opened_by(cp, WORDS.encode()) == cp.password_hash
    assert await doors.opened_by(cp, bytes.fromhex(KEY)) == cp.next_password_hash
    assert await doors.opened_by(cp, b"wrong") is None


async def test_each_wrong_guess_doubles_the_pause_up_to_a_minute(watch: Watch) -> None:
    cp, doors = point(password_hash=hash_password(WORDS)), Locks(watch)
    for pause_s in (1, 2, 4, 8, 16, 32, 64, 64):
        assert await doors.opened_by(cp, b"wrong") is None
        with pytest.raises(HeldBack) as held:
            await doors.opened_by(cp, WORDS.encode())
        assert held.value.pause_s == pause_s
        watch.now_s += pause_s
    assert await doors.opened_by(cp, WORDS.encode()) == cp.password_hash


async def test_one_guess_at_a_time_is_looked_at(watch: Watch) -> None:
    """Thousands of connections at once are no way around the pause."""
    cp, doors = point(password_hash=hash_password(WORDS)), Locks(watch)
    guesses = [doors.opened_by(cp, f"guess {number}".encode()) for number in range(20)]
    found = await asyncio.gather(*guesses, return_exceptions=True)
    assert [type(result) for result in found].count(HeldBack) == 19


async def test_who_was_in_before_does_not_wait_for_somebody_elses_guesses(watch: Watch) -> None:
    cp, doors = point(password_hash=hash_password(WORDS)), Locks(watch)
    assert await doors.opened_by(cp, WORDS.encode())
    assert await doors.opened_by(cp, b"wrong") is None
    assert await doors.opened_by(cp, WORDS.encode()) == cp.password_hash


async def test_what_is_remembered_ends_with_the_password(watch: Watch) -> None:
    doors = Locks(watch)
    assert await doors.opened_by(point(password_hash=hash_password(WORDS)), WORDS.encode())
    changed = point(password_hash=hash_password("another password"))
    assert await doors.opened_by(changed, WORDS.encode()) is None


async def test_a_key_is_never_held_back(watch: Watch) -> None:
    """Nobody can guess it, and nobody can lock its charge point out by trying."""
    cp, doors = point(password_hash=hash_password(KEY)), Locks(watch)
    for _ in range(100):
        assert await doors.opened_by(cp, b"wrong") is None
    assert await doors.opened_by(cp, KEY.encode()) == cp.password_hash


async def test_one_charge_points_guesses_do_not_hold_another_back(watch: Watch) -> None:
    doors, stored = Locks(watch), hash_password(WORDS)
    assert await doors.opened_by(point("CP1", password_hash=stored), b"wrong") is None
    assert await doors.opened_by(point("CP2", password_hash=stored), WORDS.encode()) == stored


async def test_more_than_can_be_answered_in_time_are_sent_away(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "WAITING_MOST", 3)
    doors, stored = Locks(watch), hash_password(WORDS)
    logins = [
        doors.opened_by(point(f"CP{number}", password_hash=stored), WORDS.encode())
        for number in range(5)
    ]
    found = await asyncio.gather(*logins, return_exceptions=True)
    assert [type(result) for result in found].count(Busy) == 2
    assert found.count(stored) == 3
