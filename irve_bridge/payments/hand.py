"""The payment provider's hand: performs money intents, each once, whatever the network does."""

from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar

import stripe
import structlog

from irve_bridge.domain.facts import ProviderSpoke, SessionFact
from irve_bridge.domain.intents import Intent
from irve_bridge.domain.session import Session
from irve_bridge.payments import amounts, outcomes, webhooks
from irve_bridge.payments.calls import CALLS
from irve_bridge.payments.calls.call import Call
from irve_bridge.payments.client import Account, Http, StripeSettings, connect
from irve_bridge.payments.confirmation import confirmation
from irve_bridge.payments.events import moved_later
from irve_bridge.payments.observe import observe
from irve_bridge.payments.outcomes import KEY_LIFE, OPERATORS_TURN
from irve_bridge.payments.survey import survey, survey_of
from irve_bridge.service.ports import (
    Again,
    Clock,
    Confirmation,
    Done,
    Failed,
    Outcome,
    ProviderUnreachable,
    Sighting,
    Task,
)
from irve_bridge.telemetry import tracing

T = TypeVar("T")

log = structlog.get_logger()


class StripePayments:
    """Stripe behind the `Payments` port. Close it when done."""

    name = "stripe"

    def __init__(self, settings: StripeSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._http = Http(settings.timeout_s)
        self._client = connect(settings, self._http)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close_async()  # type: ignore[no-untyped-call] # the SDK left it untyped

    def least_minor(self, currency: str) -> int:
        """Return the least amount that a card can be charged."""
        return amounts.least_minor(currency)

    def most_minor(self, currency: str) -> int:
        """Return the largest amount that a card can be charged."""
        return amounts.most_minor(currency)

    def step_minor(self, currency: str) -> int:
        """Return the coarsest unit that a card is charged in."""
        return amounts.step_minor(currency)

    def read_webhook(self, body: bytes, signature: str, at: datetime) -> ProviderSpoke:
        """Return the hint that a signed webhook gives.

        Raises:
            SignatureRefused: Not signed with one of our secrets, or not readable.
        """
        return webhooks.read_webhook(body, signature, self._settings.webhook_secrets, at)

    async def observe(
        self, session: Session, object_ids: Iterable[str] = ()
    ) -> tuple[SessionFact, ...]:
        """Ask Stripe and return everything that holds for this session now.

        `object_ids` are objects that Stripe named of it.

        Raises:
            ProviderUnreachable: No usable answer; ask again later.
        """
        try:
            with tracing.span("observe", session.id):
                return await observe(self._account(session), session, object_ids)
        except stripe.StripeError as error:
            raise ProviderUnreachable(type(error).__name__) from error

    async def confirmation(self, session: Session) -> Confirmation | None:
        """Return what confirms the session's own payment of what is due with its kept card.

        Raises:
            ProviderUnreachable: No usable answer; ask again later.
        """
        try:
            return await confirmation(self._account(session), session)
        except stripe.StripeError as error:
            raise ProviderUnreachable(type(error).__name__) from error

    async def sightings(
        self, account: str, since: datetime, until: datetime
    ) -> AsyncIterator[Sighting]:
        """Yield every payment of ours made in [since, until) at one account.

        Raises:
            ProviderUnreachable: No answer; ask again later.
        """
        of_account = Account(self._client, self._settings, self._clock, account)
        async for sighting in _answered(survey(of_account, since, until)):
            yield sighting

    async def sightings_of(self, session: Session) -> AsyncIterator[Sighting]:
        """Yield every payment of one session, whenever it was made.

        Raises:
            ProviderUnreachable: No answer; ask again later.
        """
        async for sighting in _answered(survey_of(self._account(session), session)):
            yield sighting

    async def hints(
        self, account: str, since: datetime, until: datetime
    ) -> AsyncIterator[ProviderSpoke]:
        """Yield what Stripe told in [since, until) of refunds and disputes, at most 30 days back.

        Raises:
            ProviderUnreachable: No answer; ask again later.
        """
        of_account = Account(self._client, self._settings, self._clock, account)
        async for hint in _answered(moved_later(of_account, since, until)):
            yield hint

    def prepare(self, session: Session, intent: Intent) -> Mapping[str, Any]:
        """Return what will be sent, JSON-ready. An expiry in it counts from this moment."""
        return CALLS[intent.kind].prepare(session, intent, self._settings, self._clock.now())

    async def perform(self, task: Task) -> Outcome:
        """Make the call, or find out what came of it.

        Only a first attempt is posted without looking. One of unknown outcome is posted again,
        under its key and as it was stored, only when its effect is absent and Stripe still
        knows the key (https://docs.stripe.com/api/idempotent_requests).
        """
        call, account = CALLS[task.intent.kind], self._account(task.session)
        outcome = await self._perform(call, account, task)
        self._note(task, outcome)
        return outcome

    async def _perform(self, call: Call, account: Account, task: Task) -> Outcome:
        attempt = task.attempt
        if attempt.unknown or attempt.number > 1:
            found = await self._look(call, account, task)
            if found is not None:
                return found
        if attempt.unknown and (
            attempt.burnt or self._clock.now() >= attempt.started_at + KEY_LIFE
        ):
            return Again(reason="proven absent", known=True, after=timedelta(0))
        return await self._post(call, account, task)

    async def _look(self, call: Call, account: Account, task: Task) -> Outcome | None:
        try:
            return await call.look(account, task)
        except stripe.StripeError as error:
            return outcomes.unseen(error, task.attempt)

    async def _post(self, call: Call, account: Account, task: Task) -> Outcome:
        try:
            return await call.post(account, task)
        except stripe.StripeError as error:
            refusal = outcomes.refusal(error)
            if refusal is None:
                return outcomes.again(error, task.attempt)
        if refusal.by_bank and (facts := call.refused(task, refusal, account.now())):
            return Done(facts)
        return await self._look(call, account, task) or self._refused(call, account, task, refusal)

    def _refused(
        self, call: Call, account: Account, task: Task, refusal: outcomes.Refusal
    ) -> Outcome:
        reason = f"refused: {refusal.code} {refusal.param or ''}".rstrip()
        facts = call.refused(task, refusal, account.now())
        if facts:
            return Failed(reason, facts)
        return Again(reason=reason, known=True, after=OPERATORS_TURN)

    def _account(self, session: Session) -> Account:
        return Account(self._client, self._settings, self._clock, session.account)

    def _note(self, task: Task, outcome: Outcome) -> None:
        bound = log.bind(
            session_id=task.session.id,
            intent=task.intent.kind.value,
            attempt=task.attempt.number,
        )
        match outcome:
            case Done(facts=facts):
                bound.info("payment_call_done", facts=[type(fact).__name__ for fact in facts])
            case Again(reason=reason, after=after) if after == OPERATORS_TURN:
                bound.error("payment_call_needs_operator", reason=reason)
            case Again(reason=reason):
                bound.warning("payment_call_again", reason=reason)
            case Failed(reason=reason):
                bound.error("payment_call_refused", reason=reason)


async def _answered(asked: AsyncIterator[T]) -> AsyncIterator[T]:
    try:
        async for answer in asked:
            yield answer
    except stripe.StripeError as error:
        raise ProviderUnreachable(type(error).__name__) from error
