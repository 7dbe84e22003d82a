"""The promise, checked from outside: what each card paid is what the meter says, exactly once."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from pathlib import Path

from simulators import pricing
from tests.chaos.evidence import Booked, Charge, Evidence, Payment, Told

TARIFFS = pricing.load(Path(__file__).parents[2] / "config" / "tariffs")
LEAST_MINOR = 50
"""What a card can be charged at least in euros (https://docs.stripe.com/currencies)."""
FINAL = frozenset({"settled", "released", "abandoned", "due", "written_off", "review"})
NOTHING_OWED = frozenset({"released", "abandoned"})
OWING = frozenset({"due", "written_off"})


class Kind(StrEnum):
    """The ways in which the promise can be broken."""

    WRONG = "wrong"
    LOST = "lost"
    DUPLICATE = "duplicate_charges"
    CALLBACK = "callbacks_lost"
    REVIEW = "reviews_unexplained"


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken promise: to whom (a session, a payment or a transaction), and how."""

    kind: Kind
    subject: str
    what: str


@dataclass(frozen=True, slots=True)
class Case:
    """One session with everything that concerns it."""

    session: Booked
    payments: Sequence[Payment]
    charges: Sequence[Charge]
    told: Sequence[Told]
    ceiling_minor: int
    reported_minor: int | None

    @property
    def net_minor(self) -> int:
        """What left the card and did not come back."""
        return sum(p.charged_minor - p.refunded_minor for p in self.payments)

    @property
    def held_minor(self) -> int:
        """What is still held on the card."""
        return sum(p.held_minor for p in self.payments)

    @property
    def secured_minor(self) -> int:
        """The most that may be taken: the payment, the hold, or the operator's ceiling."""
        if self.session.plan == "dynamic":
            return self.ceiling_minor
        return max(
            (p.charged_minor + p.released_minor + p.held_minor for p in self.payments), default=0
        )

    @property
    def owed_minor(self) -> int:
        """What the meter says it costs, at most what was secured, nothing below the least."""
        if self.session.metered_by == "csms":
            cost_minor = self.reported_minor or 0
        else:
            honoured = [cost(charge) for charge in self.charges if not charge.refused]
            cost_minor = honoured[0] if honoured else 0
        owed_minor = min(cost_minor, self.secured_minor)
        chargeable = self.session.plan == "fixed" or owed_minor >= LEAST_MINOR
        return owed_minor if chargeable else 0


def cost(charge: Charge) -> int:
    """Return what a transaction costs by the charge point's own meter."""
    tariff = TARIFFS[charge.tariff_id]
    return pricing.expected_minor(tariff, charge.energy_wh, charge.charging_s, charge.suspended_s)


def audit(evidence: Evidence) -> list[Violation]:
    """Return every broken promise; an empty list is the promise kept."""
    return [
        *(violation for case in cases(evidence) for violation in judged(case)),
        *_unknown(evidence),
    ]


def cases(evidence: Evidence) -> list[Case]:
    """Return the sessions, each with what concerns it."""
    payments: dict[str | None, list[Payment]] = defaultdict(list)
    charges: dict[str, list[Charge]] = defaultdict(list)
    told: dict[str, list[Told]] = defaultdict(list)
    for payment in evidence.payments:
        payments[payment.session_id].append(payment)
    for charge in evidence.charges:
        charges[charge.id_tag.casefold()].append(charge)
    for callback in evidence.told:
        told[callback.session_id].append(callback)
    return [
        Case(
            session,
            payments[session.id],
            charges[session.id_tag.casefold()],
            told[session.id],
            evidence.ceiling_minor,
            evidence.reported.get(session.id),
        )
        for session in evidence.sessions
    ]


def judged(case: Case) -> Iterator[Violation]:
    """Return what is wrong with one session."""
    session = case.session
    checks = (
        (Kind.LOST, _unfinished),
        (Kind.WRONG, _wrong_amount),
        (Kind.WRONG, _contradicted),
        (Kind.DUPLICATE, _charged_twice),
        (Kind.CALLBACK, _untold),
        (Kind.REVIEW, _called_for_nothing),
    )
    for kind, check in checks:
        if what := check(case):
            yield Violation(kind, session.id, f"{session.plan}, {session.state}: {what}")


def _unfinished(case: Case) -> str | None:
    if case.session.state not in FINAL:
        return "never came to an end"
    return f"{case.session.unfinished} things still to do" if case.session.unfinished else None


def _wrong_amount(case: Case) -> str | None:
    """Who is in debt or under review has paid nothing yet, and a person has them on a list."""
    waits = case.session.state in OWING or case.session.state == "review"
    owed_minor = 0 if waits else case.owed_minor
    if case.net_minor != owed_minor:
        return f"paid {case.net_minor}, the meter says {owed_minor}"
    return f"{case.held_minor} still held" if case.held_minor else None


def _contradicted(case: Case) -> str | None:
    session = case.session
    if session.state not in FINAL:
        return None
    if session.paid_minor != case.net_minor:
        return f"its books say {session.paid_minor} was paid, the ledger {case.net_minor}"
    if session.state in OWING and session.decided_minor != case.owed_minor:
        return f"{session.decided_minor} is asked for, the meter says {case.owed_minor}"
    if session.state in NOTHING_OWED and case.net_minor:
        return f"nothing was owed, but {case.net_minor} was paid"
    return None


def _charged_twice(case: Case) -> str | None:
    kept = [p.id for p in case.payments if p.charged_minor > p.refunded_minor]
    return f"charged by {', '.join(kept)}" if len(kept) > 1 else None


def _called_for_nothing(case: Case) -> str | None:
    """No meter lies here, no refund fails for ever: only an end nobody reported needs a person."""
    unreported = case.session.metered_by == "csms" and case.reported_minor is None
    if case.session.state != "review" or unreported:
        return None
    return f"a person is called: {case.session.outcome}"


def _untold(case: Case) -> str | None:
    arrived = [callback.sequence for callback in case.told]
    if any(later < earlier for earlier, later in pairwise(arrived)):
        return f"callbacks came out of order: {arrived}"
    accepted = {callback.sequence for callback in case.told if callback.accepted}
    missing = [n for n in range(1, case.session.callbacks + 1) if n not in accepted]
    return f"callbacks never delivered: {missing}" if missing else None


def _unknown(evidence: Evidence) -> Iterator[Violation]:
    """What no session of the books answers for."""
    known = {session.id for session in evidence.sessions}
    tags = {session.id_tag.casefold() for session in evidence.sessions}
    for session_id in sorted(evidence.opened - known):
        yield Violation(Kind.LOST, session_id, "was promised to a driver and is in no book")
    for payment in evidence.payments:
        moved_minor = payment.charged_minor + payment.held_minor
        if moved_minor and payment.session_id not in known:
            yield Violation(Kind.LOST, payment.id, f"{moved_minor} of a session in no book")
    for charge in evidence.charges:
        subject = f"{charge.charge_point_id} transaction {charge.transaction_id}"
        if not charge.delivered:
            yield Violation(Kind.LOST, subject, "its stop was never confirmed")
        elif (charge.charge_point_id, charge.transaction_id) not in evidence.recorded:
            yield Violation(Kind.LOST, subject, "is in no book")
        elif charge.id_tag.casefold() not in tags:
            yield Violation(Kind.LOST, subject, f"the tag {charge.id_tag} is of no session")
