"""What everybody outside the bridge saw, and what the bridge's books say.

The books are read as an auditor would: the file itself, without the program that wrote it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ocpp.v16.enums import Reason
from sqlalchemy import Engine, text

from simulators.charge_point import ChargePoint
from simulators.csms.inbox import Inbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """A session as the bridge wrote it down; `unfinished` counts what it has still to do."""

    id: str
    plan: str
    metered_by: str
    state: str
    id_tag: str
    transaction_id: str | None
    outcome: str | None = None
    decided_minor: int | None
    paid_minor: int
    callbacks: int
    unfinished: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """One line of the payment provider's ledger."""

    id: str
    session_id: str | None
    charged_minor: int = 0
    refunded_minor: int = 0
    released_minor: int = 0
    held_minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """One transaction by the charge point's own meter.

    `refused`: its start was answered not accepted, and the charge point ended it at once.
    """

    charge_point_id: str
    transaction_id: str | None
    id_tag: str
    tariff_id: str
    energy_wh: int
    charging_s: float = 0.0
    suspended_s: float = 0.0
    delivered: bool = True
    refused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One callback that reached the CSMS, in order of first arrival."""

    session_id: str
    sequence: int
    accepted: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All of it. `opened` are the sessions that were promised to somebody.

    `reported` is what the CSMS itself metered, in minor units by session. `recorded` are the
    transactions that the bridge knows of, by charge point and id.
    """

    sessions: Sequence[Booked] = ()
    payments: Sequence[Payment] = ()
    charges: Sequence[Charge] = ()
    told: Sequence[Told] = ()
    recorded: frozenset[tuple[str, str]] = frozenset()
    opened: frozenset[str] = frozenset()
    reported: Mapping[str, int] = field(default_factory=dict)
    ceiling_minor: int


def payments(ledger: Iterable[Mapping[str, Any]]) -> list[Payment]:
    """Return the lines of the simulated provider's ledger."""
    return [
        Payment(
            id=line["id"],
            session_id=line["metadata"].get("session_id"),
            charged_minor=line["charged_minor"],
            refunded_minor=line["refunded_minor"],
            released_minor=line["released_minor"],
            held_minor=line["held_minor"],
        )
        for line in ledger
    ]


def charges(charge_points: Iterable[ChargePoint], tariff_ids: Mapping[str, str]) -> list[Charge]:
    """Return every transaction of these charge points, in the order in which they began."""
    return [
        Charge(
            charge_point_id=charge_point.id,
            transaction_id=None
            if transaction.transaction_id is None
            else str(transaction.transaction_id),
            id_tag=transaction.id_tag,
            tariff_id=tariff_ids[charge_point.id],
            energy_wh=transaction.energy_wh,
            charging_s=transaction.charging_ms / 1000,
            suspended_s=transaction.suspended_ev_ms / 1000,
            delivered=transaction.delivered,
            refused=transaction.reason == Reason.de_authorized,
        )
        for charge_point in charge_points
        for transaction in charge_point.transactions
    ]


def told(inbox: Inbox) -> list[Told]:
    """Return the callbacks whose signature was right."""
    return [
        Told(
            session_id=callback.data["session_id"],
            sequence=callback.data["sequence"],
            accepted=callback.accepted,
        )
        for callback in inbox.received()
        if callback.verified
    ]


_SESSIONS = """
    SELECT id, plan, metered_by, state, id_tag, transaction_id, outcome, decided_minor, paid_minor,
        callback_sequence AS callbacks,
        (SELECT count(*) FROM intents WHERE session_id = sessions.id AND ended_at IS NULL)
            AS unfinished
    FROM sessions ORDER BY opened_at
"""


def books(database: Engine) -> tuple[list[Booked], frozenset[tuple[str, str]]]:
    """Return the sessions and the recorded transactions of a database, running bridge or not."""
    with database.connect() as connection:
        sessions = [Booked(**row._mapping) for row in connection.execute(text(_SESSIONS))]
        recorded = connection.execute(text("SELECT charge_point_id, id FROM transactions"))
        return sessions, frozenset((row[0], row[1]) for row in recorded)
