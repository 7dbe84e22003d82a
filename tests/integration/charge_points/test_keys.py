"""A new key or profile is remembered, whoever sent it (OCPP 1.6 security whitepaper A01, A05)."""

import asyncio
import base64
from collections.abc import Callable, MutableMapping
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from irve_bridge.domain.charge_point import SecurityProfile
from irve_bridge.service.commands import INVALID, Answer, Call
from irve_bridge.service.ports import Unanswered
from simulators.charge_point import ChargePoint

OLD = "00ff10ee" * 5
NEW = "deadbeef" * 5


def rotation(key: str = NEW) -> Call:
    return Call("ChangeConfiguration", {"key": "AuthorizationKey", "value": key})


def profile(value: str) -> Call:
    return Call("ChangeConfiguration", {"key": "SecurityProfile", "value": value})


def basic(key: str) -> dict[str, Any]:
    shown = base64.b64encode(b"CP KEY:" + bytes.fromhex(key)).decode()
    return {"additional_headers": {"Authorization": f"Basic {shown}"}}


class Door:
    """The door of `CP KEY`, whose key is OLD."""

    def __init__(self, house: Any, open_socket: Callable[..., Any]) -> None:
        self.house = house
        self._open_socket = open_socket

    def open(self, key: str) -> Any:
        return self._open_socket("CP%20KEY", **basic(key))

    async def opens(self, key: str) -> bool:
        try:
            async with self.open(key) as raw:
                return bool(await raw.alive())
        except InvalidStatus:
            return False

    async def command(self, call: Call) -> Answer:
        answer: Answer = await self.house.command(call, of="CP KEY")
        return answer

    async def stored(self) -> Any:
        return await self.house.storage.read(lambda tx: tx.stations.charge_point("CP KEY"))


@pytest.fixture
def door(house: Any, open_socket: Callable[..., Any]) -> Door:
    return Door(house, open_socket)


async def answered(door: Door, call: Call, frame: list[Any]) -> Answer:
    """Send a call to the charge point and let it answer so."""
    async with door.open(OLD) as raw:
        assert await raw.alive()
        asked = asyncio.create_task(door.command(call))
        unique_id, *_ = await raw.next_call()
        await raw.send([frame[0], unique_id, *frame[1:]])
        return await asked


async def test_an_accepted_key_opens_and_the_old_one_no_longer(door: Door) -> None:
    assert (await answered(door, rotation(), [3, {"status": "Accepted"}])).accepted
    assert not await door.opens(OLD)
    assert await door.opens(NEW)


@pytest.mark.parametrize(
    "frame",
    [[3, {"status": "Rejected"}], [3, {"status": "NotSupported"}], [4, "InternalError", "", {}]],
)
async def test_a_refused_key_opens_nothing(door: Door, frame: list[Any]) -> None:
    await answered(door, rotation(), frame)
    assert not await door.opens(NEW)
    assert await door.opens(OLD)


async def test_an_answer_of_no_kind_is_an_answer(door: Door) -> None:
    """It says nothing of the key, so that both open still."""
    said = {"status": ["Accepted"]}
    for call in (rotation(), profile("3")):
        assert (await answered(door, call, [3, said])).payload == said
    assert (await door.stored()).next_security_profile is None
    assert await door.opens(OLD)


@pytest.mark.parametrize(("used", "unused"), [(OLD, NEW), (NEW, OLD)])
async def test_after_silence_the_key_that_is_used_decides(
    door: Door, used: str, unused: str
) -> None:
    """The key may have been taken although the answer was lost with the line."""
    async with door.open(OLD) as raw:
        assert await raw.alive()
        asked = asyncio.create_task(door.command(rotation()))
        await raw.next_call()
    with pytest.raises(Unanswered):
        await asked
    assert await door.opens(used)
    assert not await door.opens(unused)
    assert await door.opens(used)


async def test_a_key_is_known_before_it_is_sent(door: Door) -> None:
    """Else a charge point that takes it at once and reconnects would stand outside."""
    async with door.open(OLD) as raw:
        assert await raw.alive()
        asked = asyncio.create_task(door.command(rotation()))
        unique_id, *_ = await raw.next_call()
        assert (await door.stored()).next_password_hash
        await raw.send([3, unique_id, {"status": "Accepted"}])
        await asked


async def test_a_key_in_force_after_a_reboot_waits_for_it(door: Door) -> None:
    await answered(door, rotation(), [3, {"status": "RebootRequired"}])
    assert await door.opens(OLD)
    assert await door.opens(NEW)
    assert not await door.opens(OLD)


@pytest.mark.parametrize("key", ["", "short", "ab" * 15, "ab" * 21, "abc" * 11, "gh" * 16])
async def test_what_is_no_key_is_not_sent(door: Door, key: str) -> None:
    """16 to 20 bytes in hex digits (A00.FR.205)."""
    async with door.open(OLD) as raw:
        assert await raw.alive()
        answer = await door.command(rotation(key))
        assert (answer.error, raw.calls.empty()) == (INVALID, True)
        assert "16 to 20 bytes" in answer.description
    assert await door.opens(OLD)


async def test_keys_have_names_in_any_case(door: Door) -> None:
    """CiString50Type (OCPP 1.6 ed. 2 §6.5)."""
    call = Call("ChangeConfiguration", {"key": "AUTHORIZATIONKEY", "value": NEW})
    await answered(door, call, [3, {"status": "Accepted"}])
    assert await door.opens(NEW)


async def test_other_settings_change_no_key(door: Door) -> None:
    before = await door.stored()
    call = Call("ChangeConfiguration", {"key": "HeartbeatInterval", "value": NEW})
    await answered(door, call, [3, {"status": "Accepted"}])
    after = await door.stored()
    assert (after.password_hash, after.next_password_hash) == (before.password_hash, None)


async def test_no_key_is_logged(door: Door, logs: list[MutableMapping[str, Any]]) -> None:
    """A01.FR.09."""
    await answered(door, rotation(), [3, {"status": "Accepted"}])
    assert "authorization key sent" in {line["event"] for line in logs}
    assert NEW not in str(logs)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("Accepted", SecurityProfile.TLS),
        ("RebootRequired", SecurityProfile.TLS),
        ("Rejected", None),
    ],
)
async def test_an_accepted_profile_is_expected_from_then_on(
    door: Door, status: str, expected: SecurityProfile | None
) -> None:
    await answered(door, profile("2"), [3, {"status": status}])
    stored = await door.stored()
    assert stored.security_profile is SecurityProfile.BASIC
    assert stored.next_security_profile is expected


@pytest.mark.parametrize(
    ("value", "says"), [("0", "never lowered"), ("4", "1, 2 or 3"), ("high", "1, 2 or 3")]
)
async def test_a_profile_is_never_lowered(door: Door, value: str, says: str) -> None:
    """A00.FR.005, A05.FR.01."""
    async with door.open(OLD) as raw:
        assert await raw.alive()
        answer = await door.command(profile(value))
        assert (answer.error, raw.calls.empty()) == (INVALID, True)
        assert says in answer.description


async def test_from_profile_0_to_1_nobody_is_locked_out(house: Any, open_socket: Any) -> None:
    """A key is sent first; it is shown once the profile asks for it (A05), and must be then."""

    async def ask(key: str, value: str, **shown: Any) -> None:
        async with open_socket("CP1", **shown) as raw:
            assert await raw.alive()
            call = Call("ChangeConfiguration", {"key": key, "value": value})
            asked = asyncio.create_task(house.command(call))
            await raw.answer_next("Accepted")
            assert (await asked).accepted

    credentials = base64.b64encode(b"CP1:" + bytes.fromhex(NEW)).decode()
    with_key = {"additional_headers": {"Authorization": f"Basic {credentials}"}}
    await ask("AuthorizationKey", NEW)
    await ask("SecurityProfile", "1")
    async with open_socket("CP1", **with_key) as raw:
        assert await raw.alive()
    with pytest.raises(InvalidStatus):
        async with open_socket("CP1"):
            pass


async def test_a_charge_point_takes_a_new_key_and_comes_back_with_it(door: Door) -> None:
    """A01, from the command to the next login with the bytes that the digits stand for."""
    async with ChargePoint(door.house.url, "CP KEY", password=OLD, seed=1) as simulated:
        await simulated.wait_until_online()
        before = (await door.stored()).connected_at
        assert (await door.command(rotation())).accepted
        await simulated.wait_until(lambda: not simulated.is_online)
        await simulated.wait_until_online()
        assert (await door.stored()).connected_at != before
    await door.house.disconnected("CP KEY")
    assert not await door.opens(OLD)
