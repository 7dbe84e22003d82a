"""The audit finds what it is for: each planted wrong is seen, and nothing else is."""

from dataclasses import replace
from typing import Any

import pytest

from tests.chaos.audit import Kind, audit, cost
from tests.chaos.evidence import Booked, Charge, Evidence, Payment, Told

CHARGE = Charge(
    charge_point_id="KILL4",
    transaction_id="7",
    id_tag="ABC",
    tariff_id="dc",
    energy_wh=5_000,
    charging_s=900.0,
)
COST_MINOR = 295  # 5 kWh at 0.4917 net, 20 % VAT
SESSION = Booked(
    id="ses_1",
    plan="dynamic",
    metered_by="bridge",
    state="settled",
    id_tag="abc",
    transaction_id="7",
    decided_minor=COST_MINOR,
    paid_minor=COST_MINOR,
    callbacks=3,
)
PAID = Payment(id="pi_1", session_id="ses_1", charged_minor=COST_MINOR)
TOLD = [Told(session_id="ses_1", sequence=number) for number in (1, 2, 3)]
KEPT = Evidence(
    sessions=[SESSION],
    payments=[PAID],
    charges=[CHARGE],
    told=TOLD,
    recorded=frozenset({("KILL4", "7")}),
    opened=frozenset({"ses_1"}),
    ceiling_minor=600,
)
RELEASED = replace(SESSION, state="released", transaction_id=None, decided_minor=0, paid_minor=0)
UNREPORTED = replace(SESSION, state="review", metered_by="csms")
HELD = Payment(id="pi_1", session_id="ses_1", held_minor=400)
OWING = [replace(SESSION, state=state) for state in ("due", "written_off")]

PLANTED: dict[str, tuple[Kind, dict[str, Any]]] = {
    "too much": (Kind.WRONG, {"payments": [replace(PAID, charged_minor=COST_MINOR + 1)]}),
    "too little": (Kind.WRONG, {"payments": [replace(PAID, refunded_minor=1)]}),
    "nothing": (Kind.WRONG, {"payments": []}),
    "paid for no energy": (Kind.WRONG, {"charges": [replace(CHARGE, energy_wh=0)]}),
    "still held": (Kind.WRONG, {"payments": [replace(PAID, held_minor=1)]}),
    "over the ceiling": (Kind.WRONG, {"ceiling_minor": COST_MINOR - 1}),
    "let go unpaid": (Kind.WRONG, {"sessions": [RELEASED], "payments": []}),
    "never started, held": (
        Kind.WRONG,
        {"sessions": [replace(RELEASED, plan="estimated")], "charges": [], "payments": [HELD]},
    ),
    "let go, though paid": (
        Kind.WRONG,
        {"sessions": [replace(RELEASED, paid_minor=COST_MINOR)]},
    ),
    "abandoned, but paid": (
        Kind.WRONG,
        {"sessions": [replace(RELEASED, state="abandoned", plan="fixed")], "charges": []},
    ),
    "the books differ": (Kind.WRONG, {"sessions": [replace(SESSION, paid_minor=COST_MINOR - 1)]}),
    "asks for too much": (
        Kind.WRONG,
        {
            "sessions": [replace(SESSION, state="due", paid_minor=0, decided_minor=COST_MINOR + 1)],
            "payments": [],
        },
    ),
    "under review, but paid": (Kind.WRONG, {"sessions": [UNREPORTED], "charges": []}),
    "under review for nothing": (
        Kind.REVIEW,
        {"sessions": [replace(SESSION, state="review", paid_minor=0)], "payments": []},
    ),
    "the CSMS reported another amount": (
        Kind.WRONG,
        {"sessions": [replace(SESSION, metered_by="csms")], "reported": {"ses_1": 100}},
    ),
    "never ended": (Kind.LOST, {"sessions": [replace(SESSION, state="settling")]}),
    "something left to do": (Kind.LOST, {"sessions": [replace(SESSION, unfinished=1)]}),
    "promised, in no book": (Kind.LOST, {"opened": frozenset({"ses_1", "ses_2"})}),
    "a payment of nobody": (
        Kind.LOST,
        {"payments": [PAID, Payment(id="pi_2", session_id=None, charged_minor=1)]},
    ),
    "a hold of a session in no book": (
        Kind.LOST,
        {"payments": [PAID, Payment(id="pi_2", session_id="ses_2", held_minor=1)]},
    ),
    "a transaction in no book": (Kind.LOST, {"recorded": frozenset()}),
    "a tag of nobody": (
        Kind.LOST,
        {
            "charges": [CHARGE, replace(CHARGE, transaction_id="8", id_tag="OTHER")],
            "recorded": frozenset({("KILL4", "7"), ("KILL4", "8")}),
        },
    ),
    "a stop given up": (Kind.LOST, {"charges": [replace(CHARGE, delivered=False)]}),
    "charged twice": (
        Kind.DUPLICATE,
        {
            "payments": [
                replace(PAID, charged_minor=200),
                Payment(id="pi_2", session_id="ses_1", charged_minor=COST_MINOR - 200),
            ]
        },
    ),
    "a callback never sent": (Kind.CALLBACK, {"told": TOLD[:2]}),
    "a callback never taken": (
        Kind.CALLBACK,
        {"told": [*TOLD[:2], replace(TOLD[2], accepted=False)]},
    ),
    "callbacks in the wrong order": (Kind.CALLBACK, {"told": [TOLD[0], TOLD[2], TOLD[1]]}),
}


def test_the_price_is_that_of_the_tariff() -> None:
    assert cost(CHARGE) == COST_MINOR


def test_a_kept_promise_is_no_violation() -> None:
    assert audit(KEPT) == []


@pytest.mark.parametrize("planted", PLANTED)
def test_a_broken_promise_is_found(planted: str) -> None:
    """It is found as what it is, and as nothing else."""
    kind, difference = PLANTED[planted]
    found = audit(replace(KEPT, **difference))
    assert {violation.kind for violation in found} == {kind}


@pytest.mark.parametrize("plan", ["fixed", "estimated"])
def test_nobody_owes_more_than_was_secured(plan: str) -> None:
    """A meter that ran on beyond the payment or the hold takes only that."""
    paid = Payment(id="pi_1", session_id="ses_1", charged_minor=200)
    session = replace(SESSION, plan=plan, decided_minor=200, paid_minor=200)
    assert audit(replace(KEPT, sessions=[session], payments=[paid])) == []


def test_what_was_given_back_is_not_a_second_charge() -> None:
    second = Payment(id="pi_2", session_id="ses_1", charged_minor=295, refunded_minor=295)
    assert audit(replace(KEPT, payments=[PAID, second])) == []


def test_below_the_least_amount_nothing_is_owed_but_by_who_paid_before() -> None:
    """A card cannot be charged 0.06 EUR; of 5.00 EUR paid already 0.06 EUR can be kept."""
    little = replace(CHARGE, energy_wh=100)
    assert audit(replace(KEPT, sessions=[RELEASED], charges=[little], payments=[])) == []
    paid = Payment(id="pi_1", session_id="ses_1", charged_minor=500, refunded_minor=494)
    session = replace(SESSION, plan="fixed", decided_minor=6, paid_minor=6)
    assert audit(replace(KEPT, sessions=[session], charges=[little], payments=[paid])) == []


@pytest.mark.parametrize("session", [*OWING, UNREPORTED], ids=lambda session: session.state)
def test_who_has_paid_nothing_yet_is_not_wronged(session: Booked) -> None:
    """They are counted: a person has them on a list."""
    unpaid = replace(session, paid_minor=0)
    assert audit(replace(KEPT, sessions=[unpaid], payments=[])) == []


def test_a_start_that_was_refused_costs_nothing() -> None:
    refused = replace(CHARGE, refused=True)
    assert audit(replace(KEPT, sessions=[RELEASED], charges=[refused], payments=[])) == []
