"""Callbacks to the operator's CSMS, as Standard Webhooks 1.0 describes them.

`webhook-id` stays the same over all retries, so that the receiver can tell a repeat. Only a 2xx
answer counts, redirects are not followed, 410 ends the delivery of this callback at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import msgspec
import structlog
from standardwebhooks import Webhook

from irve_bridge.domain.intents import Intent
from irve_bridge.domain.session import Session
from irve_bridge.service.ports import Again, Done, Failed, Outcome, Task
from irve_bridge.telemetry import tracing

log = structlog.get_logger()

_GONE = 410


@dataclass(frozen=True, slots=True)
class CallbackHand:
    """Performs CALLBACK: posts one signed body to the CSMS."""

    http: aiohttp.ClientSession
    url: str
    secret: str
    delays: tuple[timedelta, ...]
    timeout_s: float = 15.0

    def prepare(self, session: Session, intent: Intent) -> Mapping[str, Any]:
        """Return the body; it was frozen when the callback was decided."""
        del session
        return dict(intent.parameters)

    async def perform(self, task: Task) -> Outcome:
        """Send it, again if need be: the receiver knows repeats by their `webhook-id`."""
        body = msgspec.json.encode(task.attempt.request)
        try:
            async with self.http.post(
                self.url,
                data=body,
                headers=self._headers(task, body),
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=self.timeout_s),
            ) as response:
                return self._judge(task, response.status)
        except (aiohttp.ClientError, TimeoutError) as error:
            return self._later(task, type(error).__name__)

    def _headers(self, task: Task, body: bytes) -> dict[str, str]:
        """Signatures use real time, whatever clock the bridge runs on.

        A trace is named where there is one, so that the receiver can go on with it.
        """
        data = task.attempt.request["data"]
        webhook_id = f"{task.subject}.{data['sequence']}"
        sent_at = datetime.now(UTC)
        traceparent = tracing.traceparent()
        return {
            "content-type": "application/json",
            "webhook-id": webhook_id,
            "webhook-timestamp": str(int(sent_at.timestamp())),
            "webhook-signature": Webhook(self.secret).sign(webhook_id, sent_at, body.decode()),
        } | ({"traceparent": traceparent} if traceparent else {})

    def _judge(self, task: Task, status: int) -> Outcome:
        if status // 100 == 2:  # noqa: PLR2004 - the 2xx class
            return Done()
        if status == _GONE:
            return Failed("the CSMS answered 410", refused=True)
        return self._later(task, f"the CSMS answered {status}")

    def _later(self, task: Task, reason: str) -> Outcome:
        log.warning("callback_not_delivered", subject=task.subject, reason=reason, tries=task.tries)
        if task.tries > len(self.delays):
            return Failed(reason)
        return Again(reason=reason, known=True, after=self.delays[task.tries - 1])
