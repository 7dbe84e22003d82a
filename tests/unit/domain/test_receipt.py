"""A session's papers say what is owed, to the cent, net and VAT included."""

from dataclasses import replace
from datetime import UTC
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from irve_bridge.domain.breakdown import Breakdown, Dimension, VatLine
from irve_bridge.domain.pricing import Pricer
from irve_bridge.domain.projection import quote
from irve_bridge.domain.receipt import (
    Charge,
    Kind,
    Operator,
    Place,
    Receipt,
    Split,
    missing_minor,
    paper_of,
)
from irve_bridge.domain.session import PlanName, Session, State
from irve_bridge.domain.tariff import PriceComponent, Tariff, TariffElement
from tests.unit.domain.sessions import LATER, NOW, session

OPERATOR = Operator(name="Recharge", siren="732829320")
PLACE = Place(charge_point_id="CP1", connector_number=1)
TARIFF = Tariff(
    id="T",
    currency="EUR",
    elements=(
        TariffElement(
            (
                PriceComponent(Dimension.ENERGY, Decimal("0.3999"), vat=Decimal(20)),
                PriceComponent(Dimension.TIME, Decimal("1.33"), vat=Decimal("5.5")),
                PriceComponent(Dimension.FLAT, Decimal("0.25"), vat=Decimal(20)),
            )
        ),
    ),
)
COST = quote(Pricer(TARIFF, UTC), NOW, 15_760, 12_345, None)


def settled(decided_minor: int, **changes: object) -> Session:
    known = {"tariff": TARIFF, "cost": COST, "decided_minor": decided_minor}
    return session(PlanName.ESTIMATED, state=State.SETTLED, **known | changes)


def issued(of: Session, papers: tuple[Receipt, ...]) -> tuple[Receipt, ...]:
    """Return the papers with the one that was missing, if one was."""
    if not missing_minor(of, papers):
        return papers
    paper = paper_of(of, papers, at=LATER, operator=OPERATOR, place=PLACE, charge=Charge())
    return (*papers, replace(paper, number=len(papers) + 1))


def test_what_was_charged_is_billed_as_it_cost() -> None:
    (paper,) = issued(settled(COST.gross_minor), ())
    assert paper.split.net_minor == COST.net_minor
    assert [(t.percent, t.amount_minor) for t in paper.split.vat] == [
        (v.percent, v.amount_minor) for v in COST.vat
    ]
    assert [item.gross_minor for item in paper.items] == [line.gross_minor for line in COST.lines]
    assert paper.other_minor == 0


def test_what_is_told_again_is_not_billed_again() -> None:
    papers = issued(settled(COST.gross_minor), ())
    assert issued(settled(COST.gross_minor), papers) == papers


def test_nothing_is_billed_before_it_is_settled_nor_what_is_not_owed() -> None:
    for state in State:
        owing = replace(settled(500), state=state)
        assert bool(issued(owing, ())) == (state is State.SETTLED)
    assert issued(settled(0), ()) == ()


@given(st.lists(st.integers(0, 3000), min_size=1, max_size=8))
def test_the_papers_add_up_to_what_is_owed_however_often_that_changes(amounts: list[int]) -> None:
    """No credit note takes off more net or VAT than was billed, and 0 owed leaves 0 of each."""
    papers: tuple[Receipt, ...] = ()
    for amount_minor in amounts:
        papers = issued(settled(amount_minor), papers)
        left = [_signed(paper) for paper in papers]
        assert sum(net for net, _ in left) + sum(sum(v.values()) for _, v in left) == amount_minor
        assert sum(net for net, _ in left) >= 0
        for rate in (Decimal(20), Decimal("5.5")):
            vat_minor = sum(vat.get(rate, 0) for _, vat in left)
            assert 0 <= vat_minor <= amount_minor
    for paper in papers:
        items = sum(item.gross_minor for item in paper.items)
        assert items + paper.other_minor == paper.split.gross_minor > 0


def _signed(paper: Receipt) -> tuple[int, dict[Decimal, int]]:
    sign = 1 if paper.kind is Kind.RECEIPT else -1
    return sign * paper.split.net_minor, {t.percent: sign * t.amount_minor for t in paper.split.vat}


def test_a_credit_note_names_the_receipt_its_operator_and_its_payment() -> None:
    """Though the charge point has another operator by now, and the session another payment."""
    first = issued(settled(1000, payment_intent_id="pi_1"), ())
    (before,) = first
    moved = settled(400, payment_intent_id="pi_2")
    credit = paper_of(
        moved, first, at=LATER, operator=Operator(name="Other"), place=PLACE, charge=Charge()
    )
    assert (credit.kind, credit.corrects) == (Kind.CREDIT_NOTE, before.number)
    assert (credit.operator, credit.payment_reference) == (OPERATOR, "pi_1")
    assert credit.split.gross_minor == 600


def test_an_amount_without_a_meter_has_the_tariff_s_vat() -> None:
    cost = Breakdown("EUR", 1200, 1200)
    (paper,) = issued(settled(1200, cost=cost, started_at=NOW), ())
    assert paper.split == Split(1000, (VatLine(Decimal(20), 200),))
    assert paper.other_minor == 1200
