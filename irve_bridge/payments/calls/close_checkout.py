from datetime import datetime

import stripe

from irve_bridge.domain.facts import CheckoutExpired, SessionFact
from irve_bridge.domain.intents import Intent
from irve_bridge.domain.session import Session
from irve_bridge.payments import observe
from irve_bridge.payments.calls.call import Request, proven, under_way
from irve_bridge.payments.client import Account, StripeSettings
from irve_bridge.payments.outcomes import Refusal
from irve_bridge.service.ports import Done, Outcome, Task


class CloseCheckout:
    """Nobody can pay any more for a place that was given up."""

    def prepare(
        self, _session: Session, _intent: Intent, _settings: StripeSettings, _now: datetime
    ) -> Request:
        """Return no parameters: what there is to close is looked up."""
        return {}

    async def post(self, account: Account, task: Task) -> Outcome:
        """Close what is open and return what the checkout came to, perhaps a payment after all.

        Without anything to close there is nothing that could still be paid.
        """
        checkouts = await observe.checkouts(account, task.session)
        setups = await observe.setups(account, task.session)
        for checkout in checkouts:
            await self._expire(account, task, checkout)
        for setup in setups:
            await self._cancel(account, task, setup)
        if not setups and all(checkout.status == "expired" for checkout in checkouts):
            return Done((_expired(task.session, account.now()),))
        return await self.look(account, task) or under_way("open")

    async def _expire(
        self, account: Account, task: Task, checkout: stripe.checkout.Session
    ) -> None:
        if checkout.status == "open":
            await account.client.v1.checkout.sessions.expire_async(
                checkout.id, None, account.options(f"{task.attempt.key}:{checkout.id}")
            )

    async def _cancel(self, account: Account, task: Task, setup: stripe.SetupIntent) -> None:
        if setup.status not in ("succeeded", "canceled"):
            await account.client.v1.setup_intents.cancel_async(
                setup.id, None, account.options(f"{task.attempt.key}:{setup.id}")
            )

    async def look(self, account: Account, task: Task) -> Outcome | None:
        """Return whether it expired or was paid."""
        return proven(await observe.observe(account, task.session))

    def refused(self, _task: Task, _refusal: Refusal, _at: datetime) -> tuple[SessionFact, ...]:
        """Try again: it may be paid as long as it is open."""
        return ()


def _expired(session: Session, at: datetime) -> CheckoutExpired:
    """A session that never learnt its checkout's id is told of none."""
    return CheckoutExpired(session_id=session.id, at=at, checkout_id=session.checkout_id)
