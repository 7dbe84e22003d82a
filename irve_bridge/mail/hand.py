"""Performs MAIL: one plain-text mail over SMTP, sent again with the same Message-ID if in doubt."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Any

import aiosmtplib
import structlog

from irve_bridge.domain.intents import Intent
from irve_bridge.domain.session import Session
from irve_bridge.i18n import language
from irve_bridge.mail import texts
from irve_bridge.service.ports import Again, Done, Failed, Outcome, Task

log = structlog.get_logger()

DELAYS = tuple(timedelta(minutes=m) for m in (1, 5, 30, 120, 360, 720))
_PERMANENT = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Smtp:
    """The operator's mail server; `security` is starttls, tls or none."""

    host: str
    port: int
    sender: str
    security: str = "starttls"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    timeout_s: float = 20.0


@dataclass(frozen=True, slots=True)
class MailHand:
    """Mails drivers who gave an address at the checkout."""

    smtp: Smtp
    public_url: str

    def prepare(self, session: Session, intent: Intent) -> Mapping[str, Any]:
        """Return the mail as it will be sent; each refund leaves less, and is a mail of its own."""
        template = intent.parameters["template"]
        words = language(session.locale)
        domain = parseaddr(self.smtp.sender)[1].rpartition("@")[2]
        link = f"{self.public_url}/c/{session.token}"
        back_minor = intent.parameters.get("amount_minor")
        return {
            "to": session.email,
            "subject": texts.subject(template, words),
            "text": texts.body(template, session, link, words, back_minor),
            "message_id": f"<{session.id}.{template}.{session.decided_minor or 0}@{domain}>",
        }

    async def perform(self, task: Task) -> Outcome:
        """Send it; a mail server that refuses for good is not asked again."""
        try:
            await self._send(_message(self.smtp.sender, task.attempt.request))
        except aiosmtplib.SMTPResponseException as error:
            reason = f"the mail server answered {error.code}"
            return _unsent(task, reason, for_good=error.code >= _PERMANENT)
        except (aiosmtplib.SMTPException, OSError) as error:
            return _unsent(task, type(error).__name__, for_good=False)
        return Done()

    async def _send(self, message: EmailMessage) -> None:
        await aiosmtplib.send(
            message,
            hostname=self.smtp.host,
            port=self.smtp.port,
            username=self.smtp.username,
            password=self.smtp.password,
            use_tls=self.smtp.security == "tls",
            start_tls=self.smtp.security == "starttls",
            timeout=self.smtp.timeout_s,
        )


def _message(sender: str, mail: Mapping[str, Any]) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, mail["to"], mail["subject"]
    message["Message-ID"] = mail["message_id"]
    message.set_content(mail["text"])
    return message


def _unsent(task: Task, reason: str, *, for_good: bool) -> Outcome:
    given_up = for_good or task.tries > len(DELAYS)
    log.warning("mail_not_sent", session_id=task.session.id, reason=reason, given_up=given_up)
    if given_up:
        return Failed(reason)
    return Again(reason=reason, known=True, after=DELAYS[task.tries - 1])
