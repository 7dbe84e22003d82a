from datetime import datetime

from irve_bridge.domain.facts import SessionFact
from irve_bridge.domain.intents import Intent
from irve_bridge.domain.session import Session
from irve_bridge.payments.calls.call import Request
from irve_bridge.payments.client import Account, StripeSettings
from irve_bridge.payments.observe import observe
from irve_bridge.payments.outcomes import Refusal
from irve_bridge.service.ports import Done, Outcome, Task


class ObserveSession:
    """A look at everything of a session; it has no effect, so that posting is looking."""

    def prepare(
        self, _session: Session, intent: Intent, _settings: StripeSettings, _now: datetime
    ) -> Request:
        """Return what was named to be looked at."""
        return {"object_ids": intent.parameters.get("object_ids", [])}

    async def post(self, account: Account, task: Task) -> Outcome:
        """Return everything that holds now, perhaps nothing."""
        named = task.attempt.request.get("object_ids", ())
        return Done(await observe(account, task.session, named))

    async def look(self, account: Account, task: Task) -> Outcome | None:
        """Do the same."""
        return await self.post(account, task)

    def refused(self, _task: Task, _refusal: Refusal, _at: datetime) -> tuple[SessionFact, ...]:
        """Try again: the objects are there, or were named wrongly by a person."""
        return ()
