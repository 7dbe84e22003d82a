"""Signed readings are verified when their charge has ended, and vouch for one charge only."""

import base64
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from ocpp.v16.enums import ReadingContext
from structlog.testing import capture_logs

from irve_bridge.domain.charge_point import ChargePoint, Connector
from irve_bridge.domain.signatures import (
    KEPT_MAX,
    TEXT_BYTES_MAX,
    Check,
    SignedReading,
    Verdict,
)
from irve_bridge.domain.tariff import Tariff
from irve_bridge.domain.tariff_loading import load
from irve_bridge.domain.transaction import Transaction
from irve_bridge.service import signatures
from irve_bridge.service.handle import Work
from irve_bridge.service.policy import Policy
from irve_bridge.service.ports import Storage, Tx
from irve_bridge.signatures import OcmfVerifier
from irve_bridge.storage import open_storage
from simulators.charge_point import events
from simulators.charge_point.meter import SigningMeter
from tests import sqlite

T0 = datetime(2026, 5, 4, 12, tzinfo=UTC)
METER = SigningMeter("CP1", Random(1))
ENERGY = {"type": "ENERGY", "price": "0.30"}
TARIFF: Tariff = load({"id": "T1", "currency": "EUR", "elements": [{"price_components": [ENERGY]}]})


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[Storage]:
    async with open_storage(sqlite.made(tmp_path / "bridge.db")) as storage:
        await register(storage, METER.public_key)
        yield storage


async def register(storage: Storage, key: str | None) -> None:
    point = ChargePoint(id="CP1", name="", operator_name="", operator_phone="")
    outlet = Connector(
        charge_point_id="CP1",
        number=1,
        evse_id="E",
        power_w=1,
        tariff_id="T1",
        meter_public_key=key,
    )
    for thing in (TARIFF, point, outlet):
        await storage.transact(lambda tx, it=thing: tx.stations.put(it))


def signed() -> SignedReading:
    begin = events.Reading(T0, 1000, 0, None)
    text = METER.sign(events.Transaction(1, "TAG", begin, 0), begin, ReadingContext.transaction_end)
    return SignedReading(at=T0, context="Transaction.End", text=text)


async def kept(
    storage: Storage, transaction_id: str, reading: SignedReading, *, running: bool
) -> Verdict | None:
    """Keep a reading of a new transaction, and return what is known of it then."""
    transaction = Transaction(
        charge_point_id="CP1",
        id=transaction_id,
        connector_number=1,
        id_tag="TAG",
        start_at=T0,
        meter_start_wh=0,
        accepted=True,
        stop_at=None if running else T0 + timedelta(hours=1),
    )
    await storage.transact(lambda tx: tx.transactions.add(transaction))
    await storage.transact(
        lambda tx: signatures.keep(
            Work(tx, Policy(), OcmfVerifier()), "CP1", transaction_id, [reading]
        )
    )
    (found,) = await storage.read(lambda tx: tx.signatures.of("CP1", transaction_id))
    assert found.text == reading.text
    return found.verdict


async def test_nothing_is_verified_while_the_charge_runs(storage: Storage) -> None:
    assert await kept(storage, "1", signed(), running=True) is None


async def test_what_comes_after_the_end_is_verified_at_once(storage: Storage) -> None:
    verdict = await kept(storage, "1", signed(), running=False)
    assert verdict is not None
    assert verdict.outcome is Check.VALID


@pytest.mark.parametrize(
    "wrapped",
    [
        lambda text: text,
        lambda text: f" {text}",
        lambda text: text.encode().hex(),
        lambda text: base64.b64encode(text.encode()).decode(),
        lambda text: text.replace('|{"SA', '|{ "SA'),
        lambda text: f"{text}|3059",
    ],
    ids=["as it was", "a space before", "hex", "base64", "a space in its signature", "with a key"],
)
async def test_one_signature_does_not_vouch_for_two_charges(
    storage: Storage, wrapped: Callable[[str], str]
) -> None:
    """However it is written the second time."""
    reading = signed()
    await kept(storage, "1", reading, running=False)
    again = replace(reading, text=wrapped(reading.text))
    verdict = await kept(storage, "2", again, running=False)
    assert verdict is not None
    assert (verdict.outcome, verdict.note) == (Check.INVALID, signatures.REUSED)


async def test_what_comes_after_the_end_is_verified_when_it_comes(storage: Storage) -> None:
    """With the few of its charge that tell begin and end, each of them once."""
    first = SignedReading(at=T0, context="Sample.Periodic", text="kept before the end")
    await kept(storage, "1", first, running=True)

    def ends(tx: Tx) -> None:
        (running,) = tx.transactions.running("CP1")
        tx.transactions.save(replace(running, stop_at=T0 + timedelta(hours=1)))
        signatures.keep(Work(tx, Policy(), OcmfVerifier()), "CP1", "1", [signed()])

    await storage.transact(ends)
    found = await storage.read(lambda tx: tx.signatures.of("CP1", "1"))
    assert all(reading.verdict for reading in found)


async def test_a_charge_point_that_signs_without_end_fills_no_database(storage: Storage) -> None:
    """What is too long or too much is left out, and the log says so; the end still has room."""
    huge = SignedReading(at=T0, context="Sample.Periodic", text="x" * (TEXT_BYTES_MAX + 1))
    flood = [SignedReading(at=T0, context="Sample.Periodic", text=str(n)) for n in range(KEPT_MAX)]
    more = [replace(reading, text=f"more {reading.text}") for reading in flood]

    def keep(tx: Tx, *readings: SignedReading) -> int:
        signatures.keep(Work(tx, Policy(), OcmfVerifier()), "CP1", "1", readings)
        return tx.signatures.count("CP1", "1")

    with capture_logs() as logs:
        assert await storage.transact(lambda tx: keep(tx, huge, *flood)) == KEPT_MAX
        assert await storage.transact(lambda tx: keep(tx, *more, signed())) == KEPT_MAX + 1
    assert [line["left_out"] for line in logs] == [1, KEPT_MAX]


async def test_without_the_meters_key_nothing_is_said_either_way(storage: Storage) -> None:
    await register(storage, None)
    verdict = await kept(storage, "1", signed(), running=False)
    assert verdict is not None
    assert verdict.outcome is Check.UNVERIFIABLE
