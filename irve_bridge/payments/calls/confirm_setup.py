from collections.abc import Iterator
from datetime import datetime

import stripe

from irve_bridge.domain.facts import CheckoutOpened, SessionFact
from irve_bridge.domain.intents import Intent
from irve_bridge.domain.session import Session
from irve_bridge.payments import observe, reading, texts
from irve_bridge.payments.calls.call import (
    Request,
    mark,
    not_opened,
    ours,
    proven,
    stamped,
    under_way,
)
from irve_bridge.payments.client import Account, StripeSettings
from irve_bridge.payments.outcomes import Refusal
from irve_bridge.service.ports import Outcome, Task


class ConfirmSetup:
    """A card or token that the CSMS brought, kept for a charge without its driver.

    Source: https://docs.stripe.com/api/setup_intents/create.
    """

    def prepare(
        self, session: Session, intent: Intent, settings: StripeSettings, _now: datetime
    ) -> Request:
        """Return the SetupIntent, confirmed as it is created."""
        return {
            "customer": session.customer_id,
            "confirm": True,
            "usage": "off_session",
            "allowed_payment_method_types": ["card"],
            "return_url": settings.return_url(session),
            "description": texts.item_name(session),
            "metadata": mark(session),
            "expand": ["payment_method"],
            "payment_method": intent.parameters["payment_method_id"],
        }

    async def post(self, account: Account, task: Task) -> Outcome:
        """Keep the card, or learn where its bank wants to see the driver."""
        request = stamped(task)
        request["payment_method"] = await _card(account, task, request["payment_method"])
        setup = await account.client.v1.setup_intents.create_async(
            request, account.options(task.attempt.key)
        )
        return proven(_facts(account, task, setup)) or under_way(setup.status)

    async def look(self, account: Account, task: Task) -> Outcome | None:
        """Find the SetupIntent among its customer's."""
        for setup in await observe.all_setups(account, task.session):
            if ours(setup, task):
                return proven(_facts(account, task, setup)) or under_way(setup.status)
        return None

    def refused(self, task: Task, refusal: Refusal, at: datetime) -> tuple[SessionFact, ...]:
        """The card cannot be kept."""
        return not_opened(task, refusal, at)


async def _card(account: Account, task: Task, brought: str) -> str:
    """Return the payment method brought, or the one that a token makes: one token, one card."""
    if not brought.startswith("tok_"):
        return brought
    card = await account.client.v1.payment_methods.create_async(
        {"type": "card", "card": {"token": brought}}, account.options(f"{task.attempt.key}:card")
    )
    return card.id


def _facts(account: Account, task: Task, setup: stripe.SetupIntent) -> Iterator[SessionFact]:
    redirect = setup.next_action.redirect_to_url if setup.next_action else None
    if setup.status == "requires_action" and redirect and redirect.url:
        yield CheckoutOpened(
            session_id=task.session.id,
            at=account.now(),
            url=redirect.url,
            expires_at=task.attempt.started_at + account.settings.checkout_expires_after,
            setup_intent_id=setup.id,
        )
    yield from reading.from_setup(task.session, setup, account.now())
