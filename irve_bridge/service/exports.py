"""What is taken away to other books: long, so that it is read and handed on a page at a time."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from irve_bridge.domain.cdr import Cdr
from irve_bridge.domain.receipt import Receipt
from irve_bridge.domain.session import Session
from irve_bridge.service.ports import Booked, Movement, Storage, Tx
from irve_bridge.service.takings import Days

PAGE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A session that ended, with its papers and movements, and the EVSE where it charged."""

    session: Session
    evse_id: str
    papers: Sequence[Receipt]
    movements: Sequence[Movement]

    @property
    def billed_minor(self) -> int:
        """What the papers say, credit notes taken off."""
        return sum(paper.signed_minor for paper in self.papers)

    @property
    def vat_minor(self) -> int:
        """The VAT in it."""
        return sum(paper.signed_vat_minor for paper in self.papers)


async def accounts(
    storage: Storage, days: Days, charge_point_id: str | None
) -> AsyncIterator[Sequence[Account]]:
    """Yield pages of the sessions that ended on these days, at one station or at all."""
    after, until = (days.since, ""), days.until

    def query(tx: Tx) -> list[Account]:
        found = tx.exports.sessions_ended(after, until, PAGE, charge_point_id)
        return [_account(tx, session) for session in found]

    while page := await storage.read(query):
        yield page
        last = page[-1].session
        after = (last.ended_at or until, last.id)


async def movements(
    storage: Storage, days: Days, charge_point_id: str | None
) -> AsyncIterator[Sequence[Booked]]:
    """Yield pages of what moved on these days, at one station or at all."""
    after, until = (days.since, 0), days.until

    def query(tx: Tx) -> list[Booked]:
        return tx.exports.movements(after, until, PAGE, charge_point_id)

    while page := await storage.read(query):
        yield page
        after = (page[-1].movement.at, page[-1].number)


async def cdrs(
    storage: Storage, days: Days, charge_point_id: str | None
) -> AsyncIterator[Sequence[Cdr]]:
    """Yield pages of the CDRs that were made on these days, at one station or at all."""
    after: tuple[datetime, str] = (days.since, "")
    until = days.until

    def query(tx: Tx) -> list[Cdr]:
        return tx.exports.cdrs(after, until, PAGE, charge_point_id)

    while page := await storage.read(query):
        yield page
        after = (page[-1].created_at, page[-1].id)


def _account(tx: Tx, session: Session) -> Account:
    papers = tx.receipts.of_session(session.id)
    outlet = tx.stations.connector(session.charge_point_id, session.connector_number)
    evse_id = papers[0].place.evse_id if papers else outlet.evse_id if outlet else ""
    return Account(
        session=session,
        evse_id=evse_id,
        papers=papers,
        movements=tx.books.movements(session.id),
    )
