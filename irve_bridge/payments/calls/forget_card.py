from datetime import datetime

import stripe

from irve_bridge.domain.facts import CardForgotten, SessionFact
from irve_bridge.domain.intents import Intent
from irve_bridge.domain.session import Session
from irve_bridge.payments.calls.call import Request
from irve_bridge.payments.client import Account, StripeSettings
from irve_bridge.payments.outcomes import Refusal
from irve_bridge.service.ports import Done, Outcome, Task


class ForgetCard:
    """The kept card is detached for good.

    Source: https://docs.stripe.com/api/payment_methods/detach.
    """

    def prepare(
        self, _session: Session, _intent: Intent, _settings: StripeSettings, _now: datetime
    ) -> Request:
        """Return no parameters."""
        return {}

    async def post(self, account: Account, task: Task) -> Outcome:
        """Detach the card."""
        card = await account.client.v1.payment_methods.detach_async(
            _card_id(task), None, account.options(task.attempt.key)
        )
        return _forgotten(task, card.id, account.now())

    async def look(self, account: Account, task: Task) -> Outcome | None:
        """Return whether nobody has the card any more."""
        try:
            card = await account.client.v1.payment_methods.retrieve_async(
                _card_id(task), None, account.options()
            )
        except stripe.InvalidRequestError as error:
            if error.code != "resource_missing":
                raise
            return _forgotten(task, _card_id(task), account.now())
        return None if card.customer else _forgotten(task, card.id, account.now())

    def refused(self, _task: Task, _refusal: Refusal, _at: datetime) -> tuple[SessionFact, ...]:
        """Try again: a card that is kept could be charged."""
        return ()


def _card_id(task: Task) -> str:
    named: str = task.intent.parameters["payment_method_id"]
    return named


def _forgotten(task: Task, payment_method_id: str, at: datetime) -> Done:
    fact = CardForgotten(session_id=task.session.id, at=at, payment_method_id=payment_method_id)
    return Done((fact,))
