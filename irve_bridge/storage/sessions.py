"""Charging sessions, who holds which connector, and what happened to them."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, insert, or_, select, text, update

from irve_bridge.domain.decide import Step
from irve_bridge.domain.facts import SessionFact
from irve_bridge.domain.session import Session, State
from irve_bridge.service.ports import Happening, StaleSession
from irve_bridge.storage.columns import Text
from irve_bridge.storage.erasing import erase
from irve_bridge.storage.nodes import OF_NODE
from irve_bridge.storage.rows import from_row, insert_once, maybe, to_row, upsert
from irve_bridge.storage.schema import (
    charge_points,
    history,
    movements,
    provider_objects,
    sessions,
)
from irve_bridge.storage.turns import Turns

_GET = select(sessions).where(sessions.c.id == bindparam("of_id"))
_GET_MANY = select(sessions).where(sessions.c.id.in_(bindparam("of_ids", expanding=True)))
_BY_TOKEN = select(sessions).where(sessions.c.token == bindparam("of_token"))
_BY_ID_TAG = (
    select(sessions)
    .where(
        sessions.c.charge_point_id == bindparam("of_charge_point"),
        sessions.c.id_tag_folded == func.lower(bindparam("of_id_tag", type_=Text)),
    )
    .order_by(sessions.c.opened_at.desc())
    .limit(1)
)
_OWNERS = select(provider_objects.c.object_id, provider_objects.c.session_id).where(
    provider_objects.c.provider == bindparam("of_provider"),
    provider_objects.c.account == bindparam("of_account"),
    provider_objects.c.object_id.in_(bindparam("of_objects", expanding=True)),
)
_AT_CONNECTOR = select(sessions).where(
    sessions.c.claim == bindparam("of_claim"),
    or_(
        sessions.c.state != State.OPEN.value,
        sessions.c.claim_until.is_(None),
        sessions.c.claim_until > bindparam("now"),
    ),
)
_WAITING = (
    select(sessions)
    .where(
        sessions.c.state == State.SECURED.value,
        sessions.c.charge_point_id == bindparam("of_charge_point"),
    )
    .order_by(sessions.c.opened_at, sessions.c.id)
)
_WAITING_AT = _WAITING.where(sessions.c.connector_number == bindparam("of_number"))
_DUE = (
    select(sessions)
    .outerjoin(charge_points, charge_points.c.id == sessions.c.charge_point_id)
    .where(
        sessions.c.deadline_at <= bindparam("now"),
        OF_NODE,
    )
    .order_by(sessions.c.deadline_at)
    .limit(bindparam("most"))
)
_POSTPONE = (
    update(sessions)
    .where(sessions.c.id == bindparam("of_id"), sessions.c.deadline_at < bindparam("later"))
    .values(deadline_at=bindparam("later"))
)
_IN_DEBT = (
    select(sessions)
    .where(
        sessions.c.card_fingerprint == bindparam("of_card"),
        sessions.c.state == text("'due'"),
        sessions.c.provider == bindparam("of_provider"),
        sessions.c.account == bindparam("of_account"),
        sessions.c.id != bindparam("of_id"),
    )
    .order_by(sessions.c.due_since)
    .limit(1)
)
_OPENED_BETWEEN = (
    select(sessions)
    .where(
        sessions.c.opened_at >= bindparam("since"),
        sessions.c.opened_at < bindparam("until"),
        sessions.c.id > bindparam("after"),
    )
    .order_by(sessions.c.id)
    .limit(bindparam("most"))
)
_ended = movements.alias("ended")
_DISPUTED = select(movements.c.session_id).where(
    movements.c.kind == text("'dispute'"),
    ~select(_ended.c.id)
    .where(
        _ended.c.session_id == movements.c.session_id,
        _ended.c.provider_id == movements.c.provider_id,
        _ended.c.kind != movements.c.kind,
    )
    .exists(),
)
_OPENED_BEFORE = (
    select(sessions)
    .where(
        or_(
            sessions.c.state.in_(bindparam("of_states", expanding=True)),
            sessions.c.id.in_(_DISPUTED),
        ),
        sessions.c.opened_at < bindparam("moment"),
        sessions.c.id > bindparam("after"),
    )
    .order_by(sessions.c.id)
    .limit(bindparam("most"))
)
_NEWEST = (
    select(sessions)
    .order_by(sessions.c.opened_at.desc(), sessions.c.id.desc())
    .limit(bindparam("most"))
)
_NEWEST_IN = _NEWEST.where(sessions.c.state == bindparam("of_state"))

_LAPSE = (
    update(sessions)
    .where(
        sessions.c.claim == bindparam("of_claim"),
        sessions.c.state == State.OPEN.value,
        sessions.c.claim_until <= bindparam("now"),
        sessions.c.id != bindparam("of_id"),
    )
    .values(claim=None, claim_until=None)
)
_ADD = insert_once(
    sessions, index_elements=[sessions.c.claim], index_where=sessions.c.claim.is_not(None)
)
_others = sessions.alias("others")
_HOLD = (
    update(sessions)
    .where(
        sessions.c.id == bindparam("of_id"),
        sessions.c.state.in_([state.value for state in State if state.holds_connector]),
        ~select(_others.c.id)
        .where(_others.c.claim == bindparam("of_claim"), _others.c.id != bindparam("of_id"))
        .exists(),
    )
    .values(claim=bindparam("of_claim"), claim_until=None)
)
# Never changed, and dear to write: indexed, referred to by other tables, or large.
_FIXED = ("id", "token", "charge_point_id", "id_tag", "opened_at", "tariff")
_SAVE = update(sessions).where(
    sessions.c.id == bindparam("of_id"), sessions.c.version == bindparam("of_version")
)
_HISTORY = (
    select(history).where(history.c.session_id == bindparam("of_id")).order_by(history.c.sequence)
)
_REMEMBER = insert(history).values(
    session_id=bindparam("of_id"),
    sequence=select(func.coalesce(func.max(history.c.sequence), 0) + 1)
    .where(history.c.session_id == bindparam("of_id"))
    .scalar_subquery(),
)
_OWN = upsert(provider_objects)


class SqlSessions:
    """Implements `ports.Sessions`."""

    def __init__(self, connection: Connection, turns: Turns) -> None:
        self._connection = connection
        self._turns = turns

    def add(self, session: Session, claim_until: datetime) -> bool:
        """Record a new session that claims its connector; False where another has it.

        A claim of an OPEN session is over at its `claim_until`.
        """
        self._turns.take(session.charge_point_id)
        self._lapse(session, session.opened_at)
        claim = {"claim": _claim(session), "claim_until": claim_until}
        if self._connection.execute(_ADD, to_row(session) | claim).rowcount == 0:
            return False
        self._own(session)
        return True

    def get(self, session_id: str) -> Session | None:
        """Return a session."""
        self._turns.take_of(session_id)
        return self._first(_GET, of_id=session_id)

    def get_many(self, session_ids: Sequence[str]) -> dict[str, Session]:
        """Return sessions by id."""
        self._turns.take_all_of(session_ids)
        return {session.id: session for session in self._all(_GET_MANY, of_ids=session_ids)}

    def by_token(self, token: str) -> Session | None:
        """Return the session that a driver's link names."""
        return self._first(_BY_TOKEN, of_token=token)

    def by_id_tag(self, charge_point_id: str, id_tag: str) -> Session | None:
        """Return the session whose tag this is, whatever the case of its letters."""
        self._turns.take(charge_point_id)
        return self._first(_BY_ID_TAG, of_charge_point=charge_point_id, of_id_tag=id_tag)

    def by_provider_object(
        self, provider: str, account: str, object_ids: Sequence[str]
    ) -> Session | None:
        """Return the session that owns one of the provider's objects, the first one known."""
        named = {"of_provider": provider, "of_account": account, "of_objects": object_ids}
        owners = {row.object_id: row.session_id for row in self._connection.execute(_OWNERS, named)}
        known = next((owners[object_id] for object_id in object_ids if object_id in owners), None)
        return known and self.get(known)

    def at_connector(self, charge_point_id: str, number: int, now: datetime) -> Session | None:
        """Return the session that holds a connector, an OPEN one only while its claim lasts."""
        self._turns.take(charge_point_id)
        return self._first(_AT_CONNECTOR, of_claim=f"{charge_point_id}/{number}", now=now)

    def hold_connector(self, session: Session, now: datetime) -> bool:
        """Keep the connector for a session whose payment is secured; False where another has it."""
        self._lapse(session, now)
        named = {"of_id": session.id, "of_claim": _claim(session)}
        return self._connection.execute(_HOLD, named).rowcount == 1

    def in_debt(self, session: Session, card_fingerprint: str | None) -> Session | None:
        """Return another session at the same provider account that this card has yet to pay."""
        if card_fingerprint is None:
            return None
        return self._first(
            _IN_DEBT,
            of_card=card_fingerprint,
            of_provider=session.provider,
            of_account=session.account,
            of_id=session.id,
        )

    def waiting_at(self, charge_point_id: str, number: int | None = None) -> list[Session]:
        """Return the SECURED sessions of a charge point or of one connector."""
        self._turns.take(charge_point_id)
        if number is None:
            return self._all(_WAITING, of_charge_point=charge_point_id)
        return self._all(_WAITING_AT, of_charge_point=charge_point_id, of_number=number)

    def due(self, node_id: str, now: datetime, limit: int) -> list[Session]:
        """Return sessions of a node's charge points whose deadline has passed, earliest first.

        Those of a charge point that no living node has, or that is gone, are everybody's.
        """
        return self._all(_DUE, of_node=node_id, now=now, most=limit)

    def postpone(self, session_id: str, deadline_at: datetime) -> None:
        """Move a session's deadline to a later moment; nothing else of it changes.

        An earlier moment, or no deadline any more, says that the session has moved on: it is left.
        """
        self._connection.execute(_POSTPONE, {"of_id": session_id, "later": deadline_at})

    def save(self, session: Session, steps: Sequence[Step], fact: SessionFact) -> Session:
        """Write a session and its history; return it with its new version.

        Provider objects it names are remembered; a state that no longer holds the connector
        frees it.

        Raises:
            StaleSession: It changed since it was read.
        """
        saved = replace(session, version=session.version + 1)
        row = to_row(saved) | {"of_id": session.id, "of_version": session.version}
        for name in _FIXED:
            del row[name]
        if not session.state.holds_connector:
            row |= {"claim": None, "claim_until": None}
        if self._connection.execute(_SAVE, row).rowcount == 0:
            raise StaleSession(f"session {session.id} is no longer at version {session.version}")
        self._remember(session.id, steps, fact)
        self._own(saved)
        return saved

    def erase(self, session_id: str) -> None:
        """Delete who the driver was from everything kept of a session; figures stay."""
        erase(self._connection, session_id)

    def history(self, session_id: str) -> list[Happening]:
        """Return what happened to a session, in order."""
        rows = self._connection.execute(_HISTORY, {"of_id": session_id})
        return [from_row(row, Happening) for row in rows]

    def search(self, state: str | None = None, limit: int = 100) -> list[Session]:
        """Return sessions, newest first."""
        if state is None:
            return self._all(_NEWEST, most=limit)
        return self._all(_NEWEST_IN, of_state=state, most=limit)

    def opened_between(
        self, since: datetime, until: datetime, after_id: str, limit: int
    ) -> list[Session]:
        """Return sessions opened in [since, until) with an id above `after_id`, by id."""
        return self._all(_OPENED_BETWEEN, since=since, until=until, after=after_id, most=limit)

    def opened_before(
        self, moment: datetime, states: Collection[str], after_id: str, limit: int
    ) -> list[Session]:
        """Return older sessions in one of these states or disputed, with an id above, by id.

        Disputed: the books know a dispute's beginning and not its end.
        """
        named = {"of_states": sorted(states), "moment": moment, "after": after_id}
        return self._all(_OPENED_BEFORE, **named, most=limit)

    def _first(self, query: Select[Any], **named: Any) -> Session | None:
        row = self._connection.execute(query, named).first()
        return maybe(row, Session)

    def _all(self, query: Select[Any], **named: Any) -> list[Session]:
        return [from_row(row, Session) for row in self._connection.execute(query, named)]

    def _lapse(self, session: Session, now: datetime) -> None:
        named = {"of_claim": _claim(session), "of_id": session.id, "now": now}
        self._connection.execute(_LAPSE, named)

    def _remember(self, session_id: str, steps: Sequence[Step], fact: SessionFact) -> None:
        if not steps:
            return
        happened = {
            "of_id": session_id,
            "at": fact.at,
            "fact": {"type": type(fact).__name__} | to_row(fact),
        }
        self._connection.execute(_REMEMBER, [to_row(step) | happened for step in steps])

    def _own(self, session: Session) -> None:
        object_ids: set[str | None] = {
            session.customer_id,
            session.checkout_id,
            session.setup_intent_id,
            session.payment_method_id,
            session.payment_intent_id,
        } - {None}
        owner: dict[str, str | None] = {
            "provider": session.provider,
            "account": session.account,
            "session_id": session.id,
        }
        if object_ids:
            rows = [owner | {"object_id": object_id} for object_id in object_ids]
            self._connection.execute(_OWN, rows)


def _claim(session: Session) -> str:
    return f"{session.charge_point_id}/{session.connector_number}"
