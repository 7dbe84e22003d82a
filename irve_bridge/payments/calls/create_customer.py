from datetime import datetime

from irve_bridge.domain.facts import CustomerCreated, SessionFact
from irve_bridge.domain.intents import Intent
from irve_bridge.domain.session import Session
from irve_bridge.payments.calls.call import Request, mark, not_opened, stamped
from irve_bridge.payments.client import Account, StripeSettings
from irve_bridge.payments.outcomes import Refusal
from irve_bridge.service.ports import Done, Outcome, Task


class CreateCustomer:
    """A customer for this session alone, so that everything of it can be listed."""

    def prepare(
        self, session: Session, _intent: Intent, _settings: StripeSettings, _now: datetime
    ) -> Request:
        """Return the customer, with an e-mail address where one is known."""
        email = {"email": session.email} if session.email else {}
        return {"metadata": mark(session), **email}

    async def post(self, account: Account, task: Task) -> Outcome:
        """Create the customer."""
        customer = await account.client.v1.customers.create_async(
            stamped(task), account.options(task.attempt.key)
        )
        fact = CustomerCreated(
            session_id=task.session.id, at=account.now(), customer_id=customer.id
        )
        return Done((fact,))

    async def look(self, _account: Account, _task: Task) -> Outcome | None:
        """Take a lost customer for absent: one that nobody uses costs nobody anything."""
        return None

    def refused(self, task: Task, refusal: Refusal, at: datetime) -> tuple[SessionFact, ...]:
        """Without a customer there is no checkout."""
        return not_opened(task, refusal, at)
