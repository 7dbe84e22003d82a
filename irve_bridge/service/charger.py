"""The chargers' lane: starts and stops, sent over the bus to whoever holds the socket.

A command is never repeated as if nothing had been sent: once a start may have arrived, the session
says so (`Delivery`), and a later rejection is no refusal any more.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

from irve_bridge.domain import facts
from irve_bridge.domain.intents import Do, Intent, Kind
from irve_bridge.domain.session import Session
from irve_bridge.service import commands
from irve_bridge.service.policy import Policy, start_deadline
from irve_bridge.service.ports import (
    Again,
    Bus,
    Clock,
    Done,
    Failed,
    Offline,
    Outcome,
    Task,
    Unanswered,
)
from irve_bridge.service.reserving import reservation_id

REFUSE_TRIES = 10
"""A transaction that must not run may have ended by itself: its stop is then rejected for ever."""
RESERVING_S = 5.0
"""How long a reservation is waited for: the driver stands there."""
_INCAPABLE = frozenset({"NotImplemented", "NotSupported"})


class ChargerHand:
    """Performs the intents of the chargers' lane."""

    def __init__(self, bus: Bus, clock: Clock, policy: Policy, timeout_s: float) -> None:
        self._bus = bus
        self._clock = clock
        self._policy = policy
        self._timeout_s = timeout_s

    def prepare(self, session: Session, intent: Intent) -> Mapping[str, Any]:
        """Return the command as it is sent."""
        place = {"connector_number": session.connector_number, "id_tag": session.id_tag}
        match intent.kind:
            case Kind.REMOTE_START:
                return place | dict(intent.parameters)
            case Kind.RESERVE_NOW:
                until = start_deadline(session, self._policy).isoformat()
                return place | {"reservation_id": reservation_id(session), "expires_at": until}
            case Kind.CANCEL_RESERVATION:
                return {"reservation_id": reservation_id(session)}
        return dict(intent.parameters)

    async def perform(self, task: Task) -> Outcome:
        """Send the command and judge the answer."""
        if task.intent.kind in (Kind.RESERVE_NOW, Kind.CANCEL_RESERVATION):
            return await self._reserve(task)
        starts = task.intent.kind is Kind.REMOTE_START
        if task.attempt.unknown:
            return self._unconfirmed("interrupted", task) if starts else self._stop_again("again")
        if starts and self._clock.now() >= start_deadline(task.session, self._policy):
            return Failed("the start deadline has passed")
        try:
            answer = await (self._start(task) if starts else self._stop(task))
        except Offline:
            return Again(reason="offline", known=True, after=self._policy.start_retry)
        except Unanswered:
            return self._unconfirmed("no answer", task) if starts else self._stop_again("no answer")
        if answer.unsent:
            return Again(reason=str(answer.error), known=True, after=self._policy.start_retry)
        return self._started(task, answer) if starts else self._stopped(task, answer)

    async def _start(self, task: Task) -> commands.Answer:
        """Ask for the start; again, once the connector is free, where it was reserved in vain.

        Some charge points refuse even the tag that they reserved it for.
        """
        request = task.attempt.request
        start = commands.RemoteStart(request["connector_number"], request["id_tag"])
        answer = await self._ask(task, start, self._timeout_s)
        if answer.rejected and request.get("reserved") and await self._freed(task):
            return await self._ask(task, start, self._timeout_s)
        return answer

    async def _freed(self, task: Task) -> bool:
        free = commands.CancelReservation(reservation_id(task.session))
        with suppress(Offline, Unanswered):
            return (await self._ask(task, free, min(RESERVING_S, self._timeout_s))).accepted
        return False

    async def _stop(self, task: Task) -> commands.Answer:
        return await self._ask(task, commands.RemoteStop(**task.attempt.request), self._timeout_s)

    async def _ask(self, task: Task, command: commands.Asking, timeout_s: float) -> commands.Answer:
        encoded = commands.encode(commands.traced(command))
        reply = await self._bus.request(task.session.charge_point_id, encoded, timeout_s)
        return commands.decode_answer(reply)

    async def _reserve(self, task: Task) -> Outcome:
        """Reserve or free a connector, once and not for long: a start must not wait for it.

        Who is not heard of may have reserved it; what was not freed lapses at its moment.
        """
        request, reserves = task.attempt.request, task.intent.kind is Kind.RESERVE_NOW
        command: commands.Asking = (
            commands.Reserve(**request) if reserves else commands.CancelReservation(**request)
        )
        if task.attempt.unknown:
            return Failed("interrupted")
        try:
            answer = await self._ask(task, command, min(RESERVING_S, self._timeout_s))
        except (Offline, Unanswered) as unheard:
            return Failed(type(unheard).__name__.lower())
        if reserves and answer.accepted:
            return Done()
        return Done(
            (
                facts.ReservationOver(
                    at=self._clock.now(),
                    charge_point_id=task.session.charge_point_id,
                    reservation_id=request["reservation_id"],
                ),
            )
        )

    def _started(self, task: Task, answer: commands.Answer) -> Outcome:
        refused = answer.rejected or answer.error in _INCAPABLE
        if not refused and not answer.accepted:
            return self._unconfirmed(answer.error or f"odd answer: {answer.payload}", task)
        fact = facts.StartRefused if refused else facts.StartAccepted
        return Done((fact(at=self._clock.now(), session_id=task.session.id),))

    def _stopped(self, task: Task, answer: commands.Answer) -> Outcome:
        if task.intent.do is Do.REFUSE and (answer.accepted or task.tries >= REFUSE_TRIES):
            return Done()
        return self._stop_again(answer.error or answer.status or "answered")

    def _unconfirmed(self, reason: str, task: Task) -> Outcome:
        fact = facts.StartUnconfirmed(at=self._clock.now(), session_id=task.session.id)
        after = timedelta() if task.attempt.unknown else self._policy.start_retry
        return Again(reason=reason, known=True, after=after, facts=(fact,))

    def _stop_again(self, reason: str) -> Outcome:
        """A stop is repeated until the transaction stops: then nobody wants it any more."""
        return Again(reason=reason, known=True, after=self._policy.stop_repeat)
