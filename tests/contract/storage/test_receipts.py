"""Every operator's papers have numbers without gaps, and none of them ever changes."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from irve_bridge.domain.breakdown import Dimension, Line, VatLine
from irve_bridge.domain.receipt import (
    Charge,
    Kind,
    Operator,
    Place,
    Receipt,
    Split,
)
from irve_bridge.domain.session import Session
from irve_bridge.domain.signatures import Check, Signature
from irve_bridge.service.ports import Storage, Tx

SIGNED = Signature(outcome=Check.VALID, energy_wh=12_340, public_key="3059")


@pytest.fixture
async def paper(now: datetime, stored: Callable[..., Awaitable[Session]]) -> Receipt:
    """A paper that has no number yet, of a session that is kept."""
    session = await stored()
    energy = Line(
        dimension=Dimension.ENERGY,
        price=Decimal("0.3499"),
        vat=Decimal("5.5"),
        energy_wh=12_340,
        seconds=0,
        net_minor=432,
        gross_minor=456,
    )
    return Receipt(
        issued_at=now,
        session_id=session.id,
        locale="fr",
        operator=Operator(name="Recharge", siren="732829320"),
        place=Place(charge_point_id="CP1", connector_number=1),
        charge=Charge(started_at=now, stopped_at=now, energy_wh=12_340, signature=SIGNED),
        currency="EUR",
        items=(energy,),
        split=Split(432, (VatLine(Decimal("5.5"), 24),)),
        provider="stripe",
    )


async def test_a_paper_comes_back_as_it_was_kept(storage: Storage, paper: Receipt) -> None:
    kept = await storage.transact(lambda tx: tx.receipts.add(paper))
    assert kept == replace(paper, number=1)
    assert await storage.read(lambda tx: tx.receipts.of_session(paper.session_id)) == [kept]


async def test_what_is_rolled_back_leaves_no_gap(
    storage: Storage, paper: Receipt, batched: Callable[..., Awaitable[list[Any]]]
) -> None:
    """Whether it fails alone or beside others in one commit."""

    def fails(tx: Tx) -> None:
        tx.receipts.add(paper)
        raise LookupError

    writes = [lambda unit=unit: storage.transact(unit) for unit in (_added(paper), fails) * 3]
    await batched(*writes)
    with pytest.raises(LookupError):
        await storage.transact(fails)
    await storage.transact(_added(paper))
    kept = await storage.read(lambda tx: tx.receipts.of_session(paper.session_id))
    assert [each.number for each in kept] == [1, 2, 3, 4]


async def test_operators_count_each_for_themselves_whatever_they_are_called(
    storage: Storage, paper: Receipt
) -> None:
    renamed = replace(paper, operator=replace(paper.operator, name="Recharge SAS"))
    other = replace(paper, operator=Operator(name="Recharge", vat_number="BE0404833048"))
    credit = replace(paper, kind=Kind.CREDIT_NOTE, corrects=1)
    papers = (paper, renamed, other, credit)
    kept = [await storage.transact(_added(each)) for each in papers]
    assert [each.number for each in kept] == [1, 2, 1, 3]


def _added(paper: Receipt) -> Callable[[Tx], Receipt]:
    return lambda tx: tx.receipts.add(paper)
