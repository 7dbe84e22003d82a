"""What the domain knows, in a driver's words."""

from dataclasses import dataclass
from decimal import Decimal

from irve_bridge.domain.breakdown import Line
from irve_bridge.domain.charge_point import Connector, ConnectorStatus
from irve_bridge.domain.errors import Refusal
from irve_bridge.domain.session import PlanName, Session, State
from irve_bridge.domain.tariff import PriceComponent, Tariff
from irve_bridge.i18n import N_, Language
from irve_bridge.price_list import (
    DIMENSIONS,
    PriceLine,
    price_list,
    quantity_of,
    remark,
    unit_price,
)
from irve_bridge.service.running import Live
from irve_bridge.service.views import SessionView, StationView
from irve_bridge.web.receipt import Money
from irve_bridge.web.wording import (
    ACTIVITIES,
    CONNECTORS,
    DECLINED,
    ENDINGS,
    FORMATS,
    IN_DEBT,
    KEPT,
    MANDATE,
    NOT_OPENED,
    ORDER,
    PLANS,
    PLUGS,
    PROMISES,
    REFUND_FAILED,
    REFUSALS,
    REFUSED_CONNECTORS,
    RELEASING,
    STANDARDS,
    STORIES,
    WAIVER,
    Story,
)


@dataclass(frozen=True, slots=True)
class Priced:
    """One line of a bill."""

    label: str
    quantity: str
    amount: str


@dataclass(frozen=True, slots=True)
class Presenter:
    """Puts things into one language's words."""

    language: Language

    def prices(self, tariff: Tariff) -> list[PriceLine]:
        """Return the prices as they must be read before paying."""
        return price_list(tariff, self.language)

    def remark(self, tariff: Tariff) -> str:
        """Return what the operator says of the prices; "" for nothing."""
        return remark(tariff, self.language)

    def connector_state(self, view: StationView) -> str:
        """Return what a connector is doing, in plain words; a refusal says it already."""
        if view.refusal is not None:
            return self.language.text(REFUSED_CONNECTORS[view.refusal.code])
        return self.language.text(CONNECTORS[view.connector.status])

    def outlet(self, connector: Connector) -> str:
        """Return what plugs in here, and whether a cable is needed; "" for an unnamed standard."""
        standard = self.language.text(STANDARDS.get(connector.standard, ""))
        form = self.language.text(FORMATS.get(connector.format, ""))
        return f"{standard}, {form}" if standard and form else standard

    def plug(self, view: StationView) -> str:
        """Return whether a cable is seen plugged in; "" where nobody can tell."""
        return self.language.text(PLUGS.get(view.connector.status, ""))

    def refusal(self, refusal: Refusal) -> str:
        """Return why not, and what to do."""
        return self.language.text(REFUSALS.get(refusal.code, REFUSALS["refused"]))

    def plan(self, plan: PlanName) -> str:
        """Return the name of a way to pay."""
        return self.language.text(PLANS[plan])

    def promise(self, plan: PlanName, *, keeps_remainder: bool) -> str:
        """Return what a way to pay means, as it is said before paying."""
        kept = keeps_remainder and plan == PlanName.FIXED
        return self.language.text(KEPT if kept else PROMISES[plan])

    def mandate(self, operator: str, ceiling_minor: int, currency: str) -> str:
        """Return what a driver agrees to who leaves their card for the end of the charge."""
        ceiling = self.language.money(ceiling_minor, currency)
        return self.language.text(MANDATE) % {"operator": operator, "ceiling": ceiling}

    def waiver(self) -> str:
        """Return what every driver agrees to (Directive 2011/83/EU, art. 16)."""
        return self.language.text(WAIVER)

    def order(self) -> str:
        """Return the order button's words (Directive 2011/83/EU, art. 8(2))."""
        return self.language.text(ORDER)

    def agreed(self, session: Session, operator: str) -> list[str]:
        """Return the words that stood on the station's page where this session was ordered."""
        promise = self.promise(session.plan, keeps_remainder=session.keeps_remainder)
        words = [self.plan(session.plan), promise]
        if session.plan is PlanName.DYNAMIC:
            words.append(self.mandate(operator, session.amount_minor, session.currency))
        return [*words, self.waiver(), self.order()]

    def story(self, view: SessionView) -> Story:
        """Return a headline and a sentence for where the session stands."""
        headline, sentence = _story(view)
        return Story(self.language.text(headline), self.language.text(sentence))

    def activity(self, live: Live) -> Story:
        """Return what a running charge does just now."""
        stopping = live.state == State.STOPPING
        headline, sentence = STORIES[State.STOPPING] if stopping else ACTIVITIES[live.activity]
        return Story(self.language.text(headline), self.language.text(sentence))

    def live(self, live: Live) -> dict[str, str]:
        """Return the live figures as they stand on the page."""
        activity, soc = self.activity(live), live.soc_percent
        return {
            "energy": self.language.kwh(live.energy_wh),
            "power": self.language.kw(live.power_w),
            "cost": self.language.money(live.cost_minor, live.currency),
            "elapsed": self.language.duration(live.elapsed_s),
            "activity": activity.headline,
            "hint": activity.sentence,
            "doing": live.state if live.state == State.STOPPING else live.activity,
            "soc": "" if soc is None else self.language.percent(Decimal(soc)),
        }

    def bill(self, session: Session, money: Money) -> list[Priced]:
        """Return the lines of the bill, gross; they add up to what is paid in the end."""
        cost = session.cost
        if cost is None:
            return []
        lines = [self._line(line, cost.currency) for line in cost.lines if line.gross_minor]
        if cost.bound is not None:
            bounded = N_("Minimum price") if cost.bound.gross_minor > 0 else N_("Maximum price")
            amount = self.language.money(cost.bound.gross_minor, cost.currency)
            lines.append(Priced(self.language.text(bounded), "", amount))
        settled_minor = (session.decided_minor or 0) + money.corrected_minor
        if session.end_corrected and session.decided_minor == cost.gross_minor:
            return lines  # what went back was not part of this cost
        waived_minor = settled_minor - cost.gross_minor
        more = N_("Unused part, not refunded") if session.keeps_remainder else N_("Adjustment")
        for label, amount_minor in (
            (more if waived_minor > 0 else N_("Not billed"), waived_minor),
            (N_("Refunded"), -money.corrected_minor),
        ):
            if lines and amount_minor:
                amount = self.language.money(amount_minor, cost.currency)
                lines.append(Priced(self.language.text(label), "", amount))
        return lines

    def vat(self, session: Session) -> list[Priced]:
        """Return the VAT by rate, where the whole cost is what was paid."""
        cost = session.cost
        if cost is None or session.decided_minor != cost.gross_minor:
            return []
        return [
            Priced(
                self.language.text(N_("VAT included")),
                self.language.percent(line.percent),
                self.language.money(line.amount_minor, cost.currency),
            )
            for line in cost.vat
        ]

    def duration_s(self, session: Session) -> int:
        """Return how long the charge took, in whole seconds, as its receipt says."""
        if session.started_at is None or session.stopped_at is None:
            return 0
        return round((session.stopped_at - session.started_at).total_seconds())

    def _line(self, line: Line, currency: str) -> Priced:
        quantity = quantity_of(line, self.language)
        component = PriceComponent(line.dimension, line.price, vat=line.vat)
        amount, unit = unit_price(component, currency, self.language)
        return Priced(
            self.language.text(DIMENSIONS[line.dimension]),
            f"{quantity} × {amount}{unit}" if quantity else "",
            self.language.money(line.gross_minor, currency),
        )


def _story(view: SessionView) -> Story:
    session = view.session
    match session.state:
        case State.SECURED if view.charge_point and view.charge_point.connected_at is None:
            return STORIES["secured_offline"]
        case State.SECURED if session.stop_cause is not None:
            return STORIES["secured_stopping"]
        case State.SECURED if view.connector and view.connector.status is ConnectorStatus.PREPARING:
            return STORIES["secured_plugged"]
        case State.RELEASING | State.RELEASED if view.unpaid is not None:
            return Story(STORIES["in_debt"].headline, IN_DEBT[session.plan])
        case State.RELEASING:
            return Story(RELEASING[session.plan], _ending(session))
        case State.RELEASED if session.outcome == "card_in_debt":
            return STORIES["debt_settled"]
        case State.SETTLED if session.end_presumed:
            return STORIES["settled_presumed"]
        case State.RELEASED | State.ABANDONED | State.DUE:
            return Story(STORIES[session.state].headline, _ending(session))
        case _:
            return STORIES[session.state]


def _ending(session: Session) -> str:
    """Return why; an outcome in the provider's own words is told by what it kept from happening."""
    code = session.outcome or ""
    match session.state:
        case State.DUE:
            return DECLINED.get(code, DECLINED[""])
        case State.ABANDONED:
            return ENDINGS.get(code, NOT_OPENED)
    return ENDINGS.get(code, REFUND_FAILED)
