"""The operator's own customers: let in by their id tags, told of by CDRs, never charged here."""

from collections import OrderedDict
from datetime import datetime
from typing import Any

import structlog

from irve_bridge.domain.cdr import Cdr, Concluded, Cost, Token, cdr, credit
from irve_bridge.domain.errors import UnknownThing
from irve_bridge.domain.id_tag import INVALID, Authorization, folded
from irve_bridge.domain.metering import Metered
from irve_bridge.domain.period import Period
from irve_bridge.domain.pricing import Pricer
from irve_bridge.domain.signed_data import signed_data
from irve_bridge.domain.tariff import Tariff
from irve_bridge.domain.transaction import Transaction
from irve_bridge.service.callbacks import own_cdr_callback
from irve_bridge.service.cdrs import location_of, standing
from irve_bridge.service.handle import Work
from irve_bridge.service.periods import metered
from irve_bridge.service.places import place
from irve_bridge.service.ports import Authorizer, Storage, Tx
from irve_bridge.service.prices import pricer

LET_IN_MOST = 1000
"""How many that were let in last are remembered, each for one start."""
CLOCK_DOUBT = "its clock is wrong: how long it lasted is not told"

log = structlog.get_logger()


class Doorkeeper:
    """Asks the CSMS for tags that are on no list here, if it offers to be asked."""

    def __init__(self, storage: Storage, authorizer: Authorizer | None) -> None:
        self._storage = storage
        self._authorizer = authorizer
        self._let_in: OrderedDict[tuple[str, str], Authorization] = OrderedDict()

    async def ask(self, charge_point_id: str, id_tag: str) -> Authorization | None:
        """Return what the CSMS says of a tag; None where it need not be asked, or never answered.

        Who was let in a moment ago is let in to start, though the CSMS fails in between. Nobody
        else is: whoever pays by card has a tag of ours.
        """
        if self._authorizer is None:
            return None
        if await self._storage.read(lambda tx: _known(tx, charge_point_id, id_tag)):
            return None
        place = (charge_point_id, folded(id_tag))
        told = await self._authorizer.ask(charge_point_id, id_tag)
        before = self._let_in.pop(place, None)
        if told is not None and told.accepted:
            self._let_in[place] = told
            while len(self._let_in) > LET_IN_MOST:
                self._let_in.popitem(last=False)
        return told or before


def _known(tx: Tx, charge_point_id: str, id_tag: str) -> bool:
    guest = tx.sessions.by_id_tag(charge_point_id, id_tag)
    return guest is not None or tx.id_tags.get(id_tag) is not None


def judge(tx: Tx, id_tag: str, now: datetime, told: Authorization | None) -> Authorization:
    """Return what a tag that is no guest's is worth: by the list, else by what the CSMS told."""
    listed = tx.id_tags.get(id_tag)
    return listed.at(now) if listed else told or INVALID


def price(tx: Tx, transaction: Transaction) -> Tariff | None:
    """Return the tariff that is in force where a transaction runs, at its start; None for none."""
    named = (transaction.charge_point_id, transaction.connector_number)
    try:
        return place(tx, *named, transaction.start_at)[2]
    except UnknownThing as unknown:
        log.warning("no price", transaction_id=transaction.id, reason=str(unknown))
        return None


def conclude(work: Work, transaction: Transaction, at: datetime) -> None:
    """Keep and tell the CDR of a transaction without a session that has ended.

    One that was told otherwise before, its end being presumed, is credited. Who was not let in, and
    yet used energy, is told with nothing to pay.
    """
    work.plain.append((transaction, 0))
    used = _used(work.tx, transaction)
    if not transaction.accepted and used.energy_wh <= 0:
        return
    told = work.tx.cdrs.of_transaction(transaction.charge_point_id, transaction.id)
    made = _made(work.tx, transaction, used, sum(c.credits is None for c in told) + 1, at)
    before = standing(told)
    if made is None or (before and _same(before, made)):
        return
    for sequence, each in enumerate(
        [credit(before, at), made] if before else [made], len(told) + 1
    ):
        work.tx.cdrs.add(each)
        if work.policy.callbacks:
            subject = f"{transaction.charge_point_id}/{transaction.id}"
            callback = own_cdr_callback(transaction, each, sequence, at)
            work.tx.intents.add_of(subject, callback, at)


def _used(tx: Tx, transaction: Transaction) -> Metered:
    stop_at = transaction.stop_at or transaction.start_at
    stop_wh = transaction.meter_stop_wh
    return metered(
        tx,
        transaction,
        max(stop_at, transaction.start_at),
        transaction.meter_start_wh if stop_wh is None else stop_wh,
    )


def _same(one: Cdr, other: Cdr) -> bool:
    return _bare(one) == _bare(other)


def _bare(cdr_: Cdr) -> dict[str, Any]:
    named = {"id", "last_updated", "tariffs"}
    return {name: value for name, value in cdr_.document.items() if name not in named}


def _made(tx: Tx, transaction: Transaction, used: Metered, number: int, at: datetime) -> Cdr | None:
    """Return the CDR; None where it happened at no place of ours, or for no price."""
    named = (transaction.charge_point_id, transaction.connector_number)
    charge_point = tx.stations.charge_point(transaction.charge_point_id)
    tariff = transaction.tariff or price(tx, transaction)
    if charge_point is None or tariff is None:
        log.warning("no CDR", transaction_id=transaction.id)
        return None
    doubt = CLOCK_DOUBT if transaction.stop_doubted and tariff.prices_time else None
    used = used.timeless() if doubt else used
    priced = pricer(tariff, charge_point.time_zone)
    cost = _cost(priced, transaction, used)
    cdr_id = f"{transaction.id}-{number}"
    concluded = Concluded(
        cdr_id=cdr_id,
        at=at,
        token=_token(tx, transaction),
        location=location_of(tx, *named),
        tariff=tariff,
        periods=_periods(priced, transaction, used),
        cost=cost,
        auth_method="WHITELIST" if tx.id_tags.get(transaction.id_tag) else "AUTH_REQUEST",
        remark=_remark(transaction, used.doubt or doubt or used.note),
        signed_data=signed_data(tx.signatures.telling(named[0], transaction.id)),
    )
    return Cdr(
        id=cdr_id,
        created_at=at,
        charge_point_id=transaction.charge_point_id,
        transaction_id=transaction.id,
        total_minor=cost.gross_minor,
        document=cdr(concluded),
    )


def _token(tx: Tx, transaction: Transaction) -> Token:
    """A guest's tag may have been used again, or too late."""
    guest = tx.sessions.by_id_tag(transaction.charge_point_id, transaction.id_tag)
    if guest is not None:
        return Token(uid=transaction.id_tag, contract_id=guest.id)
    return Token(uid=transaction.id_tag, contract_id=transaction.id_tag, type="RFID")


def _cost(priced: Pricer, transaction: Transaction, used: Metered) -> Cost:
    """Nobody pays for what was not let in."""
    currency = priced.tariff.currency
    if not transaction.accepted:
        return Cost(currency=currency, net_minor=0, gross_minor=0)
    costs = priced.cost(priced.tally(transaction.start_at, used.periods))
    return Cost(
        currency=currency,
        net_minor=costs.net_minor,
        gross_minor=costs.gross_minor,
        breakdown=costs,
    )


def _periods(priced: Pricer, transaction: Transaction, used: Metered) -> tuple[Period, ...]:
    """Return periods of one price each; what lasted no time has one of no time."""
    start_at = transaction.start_at
    none = Period(start_at=start_at, end_at=max(transaction.stop_at or start_at, start_at))
    return tuple(priced.cut(start_at, used.periods or (none,)))


def _remark(transaction: Transaction, doubt: str | None) -> str | None:
    """Why it stopped, what is doubtful of it, and that nobody pays for it."""
    said = [f"Stopped: {transaction.stop_reason}."] if transaction.stop_reason else []
    if not transaction.accepted:
        said.append("The id tag was not accepted.")
    if doubt:
        said.append(f"To be looked at: {doubt}.")
    return " ".join(said)[:255] or None
