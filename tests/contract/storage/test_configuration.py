"""What charge points are set to is remembered key by key."""

from dataclasses import replace
from datetime import datetime

from irve_bridge.domain.configuration import ConfigurationKey
from irve_bridge.service.ports import Storage, Tx


def key(name: str, at: datetime, value: str | None = "1", **more: bool | str) -> ConfigurationKey:
    return ConfigurationKey(key=name, value=value, read_at=at, **more)  # type: ignore[arg-type]


async def test_what_was_read_comes_back_by_key(storage: Storage, now: datetime) -> None:
    read = [key("B", now, None, readonly=True), key("A", now, "", refused="Rejected")]
    await storage.transact(lambda tx: tx.configuration.replace("CP1", read))
    assert await storage.read(lambda tx: tx.configuration.of("CP1")) == read[::-1]
    assert await storage.read(lambda tx: tx.configuration.of("CP2")) == []


async def test_reading_anew_forgets_what_is_no_longer_there(
    storage: Storage, now: datetime, later: datetime
) -> None:
    """Of that charge point alone."""
    old, new = [key("A", now), key("B", now)], [key("B", later, "2")]

    def unit(tx: Tx) -> None:
        for charge_point in ("CP1", "CP2"):
            tx.configuration.replace(charge_point, old)
        tx.configuration.replace("CP1", new)

    await storage.transact(unit)
    assert await storage.read(lambda tx: tx.configuration.of("CP1")) == new
    assert await storage.read(lambda tx: tx.configuration.of("CP2")) == old


async def test_a_key_is_found_whatever_the_case_of_its_letters(
    storage: Storage, now: datetime
) -> None:
    """Keys are CiStrings (OCPP 1.6 ed. 2 §7.25)."""
    kept = key("HeartbeatInterval", now)
    await storage.transact(lambda tx: tx.configuration.put("CP1", kept))
    assert await storage.read(lambda tx: tx.configuration.get("CP1", "heartbeatINTERVAL")) == kept
    assert await storage.read(lambda tx: tx.configuration.get("CP2", "HeartbeatInterval")) is None


async def test_a_key_that_is_set_takes_the_place_of_what_was_read(
    storage: Storage, now: datetime, later: datetime
) -> None:
    read = key("A", now, refused="Rejected")
    after = replace(read, value="2", read_at=later, refused=None)

    def unit(tx: Tx) -> None:
        tx.configuration.replace("CP1", [read])
        tx.configuration.put("CP1", after)

    await storage.transact(unit)
    assert await storage.read(lambda tx: tx.configuration.of("CP1")) == [after]
