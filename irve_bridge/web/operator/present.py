"""What the service knows, in an operator's words and on the operator's clock."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from irve_bridge.domain.account import Role
from irve_bridge.domain.charge_point import ChargePoint, ConnectorStatus
from irve_bridge.domain.errors import Refusal
from irve_bridge.domain.intents import Kind
from irve_bridge.domain.lifecycle import Event
from irve_bridge.domain.local_time import day_begins
from irve_bridge.domain.money import minor_digits
from irve_bridge.domain.session import PlanName, Session, State
from irve_bridge.i18n import N_, Language
from irve_bridge.service.ports import Happening
from irve_bridge.web.operator.doubts import doubt
from irve_bridge.web.operator.events import (
    DECIDED,
    DECLINE,
    EVENTS,
    KINDS,
    MOVEMENTS,
    REASONS,
    STATUSES,
)
from irve_bridge.web.operator.ocpp_words import plainly
from irve_bridge.web.operator.wording import (
    CONNECTORS,
    LATE,
    OFFLINE,
    ONLINE,
    REFUSALS,
    ROLES,
    STATES,
    Badge,
)
from irve_bridge.web.wording import PLANS

NOTHING = "–"
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@dataclass(frozen=True, slots=True)
class Presenter:
    """Puts things into one language's words; `now` is the moment of the page."""

    language: Language
    time_zone: str
    now: datetime

    def moment(self, at: datetime | None) -> str:
        """Return a moment on the operator's clock."""
        return self.language.moment(at, self.time_zone) if at else NOTHING

    def ago(self, at: datetime | None) -> str:
        """Return how long ago something was, roughly."""
        return self.language.ago(max(timedelta(), self.now - at)) if at else NOTHING

    def day_began(self) -> datetime:
        """Return when this day began on the operator's clock."""
        today = self.now.astimezone(ZoneInfo(self.time_zone)).date()
        return day_begins(today, self.time_zone)

    def amounts(self, by_currency: Mapping[str, int]) -> list[str]:
        """Return amounts, one for each currency that there is."""
        return [self.language.money(amount, code) for code, amount in sorted(by_currency.items())]

    def state(self, state: State) -> Badge:
        """Return where a session stands."""
        return self.badge(STATES[state])

    def connector(self, status: ConnectorStatus) -> Badge:
        """Return what a connector says of itself."""
        return self.badge(CONNECTORS[status])

    def online(self, charge_point: ChargePoint) -> Badge:
        """Return whether a charge point is connected."""
        return self.badge(ONLINE if charge_point.connected_at else OFFLINE)

    @property
    def energy(self) -> str:
        """Return the title of what the meter counted."""
        return self.language.text(N_("Energy"))

    @property
    def power(self) -> str:
        """Return the title of how fast it flowed."""
        return self.language.text(N_("Power"))

    def plan(self, plan: PlanName) -> str:
        """Return the name of a way to pay, as drivers read it."""
        return self.language.text(PLANS[plan])

    def event(self, line: Happening) -> str:
        """Return what happened; a person's decision is told as one."""
        decided = line.fact.get("type") == "ReviewDecided" and line.before == State.REVIEW
        return self.language.text(DECIDED if decided else EVENTS[Event(line.event)])

    def kind(self, kind: str) -> str:
        """Return what was to be done."""
        return self.language.text(KINDS[Kind(kind)])

    def status(self, status: str) -> str:
        """Return what became of it."""
        return self.language.text(STATUSES[status])

    def movement(self, kind: str) -> str:
        """Return how money moved, or in Stripe's own word how a dispute ended."""
        return self.language.text(MOVEMENTS.get(kind, "")) or kind

    def reason(self, session: Session) -> str:
        """Return why a session is where it is; what has no words is told as it was noted."""
        outcome = session.outcome or ""
        if session.state is State.DUE and outcome and outcome not in REASONS:
            return self.language.text(DECLINE) % {"code": outcome}
        words = self.language.text(REASONS.get(outcome, ""))
        return words or doubt(outcome, self.language, self._figure)

    def plainly(self, word: str) -> str:
        """Return what a charge point told in a word of OCPP's."""
        return plainly(word, self.language)

    def _figure(self, noted: str) -> str:
        """Return a figure of a doubt; a moment is told on the operator's clock."""
        return self.moment(datetime.fromisoformat(noted)) if _MOMENT.fullmatch(noted) else noted

    def typed(self, amount_minor: int, currency: str) -> str:
        """Return an amount as somebody would type it in this language."""
        amount = f"{Decimal(amount_minor).scaleb(-minor_digits(currency)):f}"
        return amount.replace(".", self.language.decimal_sign)

    def role(self, role: Role) -> str:
        """Return what an account may."""
        return self.language.text(ROLES[role])

    def late(self, lane: str) -> str:
        """Return what waits too long."""
        return self.language.text(LATE[lane])

    def refusal(self, refusal: Refusal | str) -> str:
        """Return why not, and what to do; of a refusal, or of its code."""
        code = refusal if isinstance(refusal, str) else refusal.code
        return self.language.text(REFUSALS.get(code, REFUSALS["refused"]))

    def badge(self, badge: Badge) -> Badge:
        """Return a badge in this language's word."""
        return Badge(self.language.text(badge.text), badge.tone)
