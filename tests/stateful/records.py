"""What everybody remembers at one moment: the bridge, Stripe, the charge point and the CSMS."""

from collections import Counter
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from irve_bridge.domain.cdr import Cdr
from irve_bridge.domain.intents import Kind, Lane
from irve_bridge.domain.receipt import Receipt
from irve_bridge.domain.session import Session
from irve_bridge.service.ports import Movement, Tx, Unfinished
from tests.stateful.charger import Charge
from tests.stateful.csms import Csms

SESSIONS_MAX = 100
Line = Mapping[str, Any]


UNHEARD = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One session: what the bridge wrote, what the cards lived through, what the meter ran.

    `charge`: the one that it was told of; `charges`: every one that ran on its tag.
    `presumed`: its end was, once. `given_up`: callbacks that were not tried any more. `called`:
    the CSMS was told that a person must look. `beside`: payments made without the bridge.
    """

    session: Session
    movements: Sequence[Movement]
    unfinished: Sequence[Unfinished]
    payments: Sequence[Line]
    charge: Charge | None
    charges: Sequence[Charge]
    presumed: bool
    told: Sequence[int]
    given_up: Container[int]
    called: bool
    most_secured_minor: int
    decided_by_person: int | None
    reported_minor: int | None
    refunds_asked_minor: int
    by_hand_minor: int
    beside: frozenset[str]
    papers: Sequence[Receipt]
    cdrs: Sequence[Cdr]

    @property
    def kept_minor(self) -> int:
        """What was taken and not given back, but for a second payment that a person must return."""
        return sum(
            line["charged_minor"] - line["refunded_minor"]
            for line in self.payments
            if not (self.called and self._is_second(line))
        )

    def _is_second(self, line: Line) -> bool:
        return line["id"] in self.beside and line["id"] != self.session.payment_intent_id

    @property
    def held_minor(self) -> int:
        """What the cards cannot spend meanwhile."""
        return sum(line["held_minor"] for line in self.payments)

    @property
    def waiting(self) -> list[Unfinished]:
        """What is still to be done."""
        return [intent for intent in self.unfinished if intent.status == "waiting"]

    @property
    def money_rests(self) -> bool:
        """Whether no call to Stripe is to be made or concluded."""
        others = (Lane.CHARGER, Lane.CSMS, Lane.MAIL)
        return all(Kind(intent.kind).lane in others for intent in self.waiting)


@dataclass(slots=True)
class Asked:
    """What people decided, by session, as the bridge agreed to it."""

    decided: dict[str, int] = field(default_factory=dict)
    refunds_minor: dict[str, int] = field(default_factory=dict)
    reported: dict[str, int] = field(default_factory=dict)
    by_hand_minor: Counter[str] = field(default_factory=Counter)
    """What was given back without the bridge, by payment."""
    beside: set[str] = field(default_factory=set)
    """Payments that were made without the bridge."""
    let_go: set[str] = field(default_factory=set)
    """Holds that were let go of without the bridge."""


Billed = tuple[list[Receipt], list[Cdr]]
Stored = tuple[Session, list[Movement], list[Unfinished], bool, Billed]


def stored(tx: Tx) -> list[Stored]:
    """Return every session with its movements and what is unfinished, oldest first."""
    return [
        (
            session,
            tx.books.movements(session.id),
            tx.intents.unfinished(session.id),
            any(line.fact.get("presumed") for line in tx.sessions.history(session.id)),
            (tx.receipts.of_session(session.id), tx.cdrs.of_session(session.id)),
        )
        for session in reversed(tx.sessions.search(limit=SESSIONS_MAX))
    ]


def put_together(
    rows: Sequence[Stored],
    ledger: Sequence[Line],
    charges: Sequence[Charge],
    csms: Csms,
    asked: Asked,
    most_secured_minor: Mapping[str, int],
) -> list[Record]:
    """Return one record for each session with the charge that it was told of."""
    known = {str(charge.id): charge for charge in charges}
    first: dict[str, Charge] = {}
    for charge in charges:
        first.setdefault(charge.id_tag, charge)
    return [
        Record(
            session=session,
            movements=movements,
            unfinished=unfinished,
            payments=_of(session, ledger),
            charge=_told(
                known.get(session.transaction_id or "") or first.get(session.id_tag), charges
            )
            if session.transaction_id
            else None,
            charges=[each for each in charges if each.id_tag == session.id_tag],
            presumed=presumed,
            told=csms.told.get(session.id, ()),
            given_up=csms.given_up.get(session.id, ()),
            called=session.id in csms.called,
            most_secured_minor=most_secured_minor.get(session.id, 0),
            reported_minor=asked.reported.get(session.id),
            decided_by_person=asked.decided.get(session.id),
            refunds_asked_minor=asked.refunds_minor.get(session.id, 0),
            by_hand_minor=sum(asked.by_hand_minor[p["id"]] for p in _of(session, ledger)),
            beside=frozenset(asked.beside),
            papers=papers,
            cdrs=cdrs,
        )
        for session, movements, unfinished, presumed, (papers, cdrs) in rows
    ]


def _of(session: Session, ledger: Sequence[Line]) -> list[Line]:
    return [line for line in ledger if line["metadata"].get("session_id") == session.id]


def _told(charge: Charge | None, charges: Sequence[Charge]) -> Charge | None:
    """A stop without an id, of a start nobody heard of, may be taken for another of its tag."""
    if charge is None:
        return None
    nameless = any(other.id == UNHEARD for other in charges if other.id_tag == charge.id_tag)
    return replace(charge, lied=charge.lied or nameless)
