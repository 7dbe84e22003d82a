from datetime import datetime

import stripe

from irve_bridge.domain.facts import CustomerForgotten, SessionFact
from irve_bridge.domain.intents import Intent
from irve_bridge.domain.session import Session
from irve_bridge.payments.calls.call import Request
from irve_bridge.payments.client import Account, StripeSettings
from irve_bridge.payments.outcomes import Refusal
from irve_bridge.service.ports import Done, Outcome, Task


class ForgetCustomer:
    """The guest customer is deleted, with every card it had; its payments stay.

    Source: https://docs.stripe.com/api/customers/delete.
    """

    def prepare(
        self, _session: Session, _intent: Intent, _settings: StripeSettings, _now: datetime
    ) -> Request:
        """Return no parameters."""
        return {}

    async def post(self, account: Account, task: Task) -> Outcome:
        """Delete the customer."""
        await account.client.v1.customers.delete_async(
            _customer_id(task), None, account.options(task.attempt.key)
        )
        return _forgotten(task, account.now())

    async def look(self, account: Account, task: Task) -> Outcome | None:
        """Return whether there is no such customer any more."""
        try:
            customer = await account.client.v1.customers.retrieve_async(
                _customer_id(task), None, account.options()
            )
        except stripe.InvalidRequestError as error:
            if error.code != "resource_missing":
                raise
            return _forgotten(task, account.now())
        deleted = getattr(customer, "deleted", False)
        return _forgotten(task, account.now()) if deleted else None

    def refused(self, _task: Task, _refusal: Refusal, _at: datetime) -> tuple[SessionFact, ...]:
        """Try again: nobody's data are kept because it was tedious to delete them."""
        return ()


def _customer_id(task: Task) -> str:
    named: str = task.intent.parameters["customer_id"]
    return named


def _forgotten(task: Task, at: datetime) -> Done:
    fact = CustomerForgotten(session_id=task.session.id, at=at, customer_id=_customer_id(task))
    return Done((fact,))
