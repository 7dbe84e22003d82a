"""A receipt shows registers that the meter showed, and what it signed, as that stood then."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from irve_bridge.domain.breakdown import Breakdown
from irve_bridge.domain.metering import Reading
from irve_bridge.domain.receipt import Charge
from irve_bridge.domain.session import Session, State
from irve_bridge.domain.signatures import Check, Signature, SignedReading, SignedRegister, Verdict
from irve_bridge.domain.transaction import Transaction
from irve_bridge.service import receipts
from irve_bridge.service.ports import Storage, TakenReading, Tx
from irve_bridge.storage import open_storage
from tests import sqlite
from tests.unit.domain.sessions import LATER, NOW, session

STARTED = Transaction(
    charge_point_id="CP1",
    id="7",
    connector_number=1,
    id_tag="TAG",
    start_at=NOW,
    meter_start_wh=5000,
    accepted=True,
    stop_at=LATER,
)
BILLED = session(
    state=State.SETTLED,
    decided_minor=100,
    cost=Breakdown("EUR", 100, 100),
    transaction_id="7",
    energy_wh=700,
)


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[Storage]:
    async with open_storage(sqlite.made(tmp_path / "bridge.db")) as storage:
        yield storage


async def charge_on_paper(
    storage: Storage, transaction: Transaction, *registers_wh: int, of: Session = BILLED
) -> Charge:
    """Keep a transaction with these registers read, and return what its receipt says of it."""

    def unit(tx: Tx) -> Charge:
        tx.sessions.add(of, LATER)
        tx.transactions.add(transaction)
        readings = (
            Reading(at=NOW + timedelta(minutes=n), register_wh=wh)
            for n, wh in enumerate(registers_wh, 1)
        )
        tx.transactions.add_readings(TakenReading("CP1", "7", each) for each in readings)
        receipts.issue(tx, of, (), LATER)
        (paper,) = tx.receipts.of_session(of.id)
        return paper.charge

    return await storage.transact(unit)


async def test_what_is_billed_to_the_stop_shows_the_register_of_the_stop(storage: Storage) -> None:
    charge = await charge_on_paper(storage, replace(STARTED, meter_stop_wh=5700))
    assert (charge.register_start_wh, charge.register_stop_wh) == (5000, 5700)


@pytest.mark.parametrize(
    "stop", [{"meter_stop_wh": 9000}, {"meter_stop_wh": 5700, "presumed": True}]
)
async def test_what_is_billed_to_a_reading_shows_the_register_of_that_reading(
    storage: Storage, stop: dict[str, Any]
) -> None:
    charge = await charge_on_paper(storage, replace(STARTED, **stop), 5300, 5700)
    assert charge.register_stop_wh == 5700


@pytest.mark.parametrize(
    ("stop", "registers_wh"),
    [
        ({"meter_stop_wh": 3000}, (5300,)),
        ({"meter_stop_wh": 6000}, ()),
        ({"meter_stop_wh": 5700, "presumed": True}, (300, 700)),
    ],
    ids=["stop below start", "a part is signed", "counted from zero"],
)
async def test_a_register_that_the_meter_never_showed_stands_on_no_receipt(
    storage: Storage, stop: dict[str, Any], registers_wh: tuple[int, ...]
) -> None:
    charge = await charge_on_paper(storage, replace(STARTED, **stop), *registers_wh)
    assert (charge.register_start_wh, charge.register_stop_wh) == (5000, None)
    assert charge.energy_wh == 700


async def test_a_register_that_is_not_known_stands_on_no_receipt(storage: Storage) -> None:
    unknown = replace(STARTED, meter_start_wh=-1, meter_stop_wh=699)
    charge = await charge_on_paper(storage, unknown)
    assert (charge.register_start_wh, charge.register_stop_wh) == (None, None)


async def test_what_the_meter_signed_is_frozen_in_the_receipt(storage: Storage) -> None:
    """Though something that spoils it comes afterwards."""

    async def signed(text: str, outcome: Check) -> None:
        reading = SignedReading(at=NOW, context="Transaction.End", text=text)
        register = SignedRegister(name="m", begin_wh=0, end_wh=700)
        verdict = Verdict(outcome=outcome, registers=(register,), public_key="3059")
        await storage.transact(lambda tx: tx.signatures.add("CP1", "7", [reading]))
        await storage.transact(lambda tx: tx.signatures.judge("CP1", "7", reading, verdict))

    await signed("OCMF|{}|{}", Check.VALID)
    verdict = Signature(outcome=Check.VALID, energy_wh=700, public_key="3059")
    assert (await charge_on_paper(storage, STARTED)).signature == verdict
    await signed("OCMF|{1}|{}", Check.INVALID)
    (paper,) = await storage.read(lambda tx: tx.receipts.of_session(BILLED.id))
    assert paper.charge.signature == verdict


async def test_where_nothing_is_signed_nothing_is_said_of_it(storage: Storage) -> None:
    assert (await charge_on_paper(storage, STARTED)).signature is None
