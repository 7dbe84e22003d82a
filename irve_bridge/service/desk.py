"""Where drivers, the CSMS and the operator ask for something."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from irve_bridge.domain import facts
from irve_bridge.domain.charge_point import Connector
from irve_bridge.domain.debts import may_authenticate
from irve_bridge.domain.errors import (
    AmountRefused,
    Conflict,
    UnknownThing,
)
from irve_bridge.domain.facts import ProviderSpoke, StopCause
from irve_bridge.domain.pricing import Pricer
from irve_bridge.domain.projection import quote
from irve_bridge.domain.session import MeteredBy, PlanName, Session, State
from irve_bridge.service.ends import decide_review, refund, report_end
from irve_bridge.service.extensions import extend
from irve_bridge.service.handle import Handler, Work, topic
from irve_bridge.service.hints import hear
from irve_bridge.service.places import busy, place, refuse_unavailable
from irve_bridge.service.policy import Policy
from irve_bridge.service.ports import Bus, Clock, Confirmation, Payments, Storage
from irve_bridge.service.prices import begun_minor, pricer


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What a driver or the CSMS asks for when a session begins.

    `amount_minor` is for the fixed plan, `energy_wh` or `minutes` for the estimated one.
    `payment_method_id` is the CSMS's own card for the driver (`pm_…` or `tok_…`).
    """

    plan: PlanName
    charge_point_id: str
    connector_number: int
    amount_minor: int | None = None
    energy_wh: int | None = None
    minutes: int | None = None
    client_id: str | None = None
    locale: str = "fr"
    metered_by: MeteredBy = MeteredBy.BRIDGE
    payment_method_id: str | None = None


class Desk:
    """Opens, stops and ends sessions on request."""

    def __init__(
        self,
        storage: Storage,
        handler: Handler,
        bus: Bus,
        clock: Clock,
        payments: Payments,
        policy: Policy,
    ) -> None:
        self._storage = storage
        self._handler = handler
        self._bus = bus
        self._clock = clock
        self._payments = payments
        self._policy = policy

    async def open(self, opening: Opening) -> Session:
        """Open a session and return it; its checkout follows (`checkout`).

        Raises:
            UnknownThing: No such charge point, connector or tariff.
            ConnectorOut: The connector cannot start a charge now.
            ConnectorBusy: Somebody else has it.
            AmountRefused: Outside what may be secured.
        """
        return await self._handler.run(lambda work: self._open(work, opening))

    async def checkout(self, session_id: str, timeout_s: float) -> Session:
        """Return the session once its driver can be sent on, or once it failed to open one.

        After the time-out it is returned as it stands.
        """
        return await self._once(_leads_on, session_id, timeout_s)

    async def extended(self, session_id: str, amount_minor: int, timeout_s: float) -> Session:
        """Return the session once this much is held, or can no longer be.

        After the time-out it is returned as it stands.
        """

        def answered(session: Session) -> bool:
            grows = session.incremental and session.state is State.CHARGING
            return (session.secured_minor or 0) >= amount_minor or not grows

        return await self._once(answered, session_id, timeout_s)

    async def session(self, session_id: str) -> Session:
        """Return a session.

        Raises:
            UnknownThing: There is none of that id.
        """
        session = await self._storage.read(lambda tx: tx.sessions.get(session_id))
        if session is None:
            raise UnknownThing("There is no session of this id.", "unknown_session")
        return session

    async def give_up(self, session_id: str) -> Session:
        """Leave the checkout: nobody shall pay for a place that was given up."""
        fact = facts.GivenUp(at=self._clock.now(), session_id=session_id)
        return await self._apply(fact)

    async def stop(self, session_id: str, cause: StopCause, by: str = "") -> Session:
        """Ask for the charge to stop; it is repeated until the charge point does.

        `by` is the account of an operator who asks.
        """
        fact = facts.StopAsked(at=self._clock.now(), session_id=session_id, cause=cause, by=by)
        return await self._apply(fact)

    async def pay(self, session_id: str) -> Session:
        """Let the driver pay what is due; the checkout follows (`checkout`).

        One that is open is used again; of one whose time is over the provider is asked first.

        Raises:
            ProviderUnreachable: No answer.
        """
        session = await self.session(session_id)
        if session.paying_since is not None and _over(session, self._clock.now()):
            await self.look(session)
        return await self._apply(facts.PayAsked(at=self._clock.now(), session_id=session_id))

    async def authenticate(self, session_id: str) -> Confirmation:
        """Return with what the driver confirms, to their bank, the payment that it refused.

        It is the session's own payment still: nothing changes here until the provider is looked at.

        Raises:
            Conflict: There is none to confirm: it is paid, or another way to pay was opened.
            ProviderUnreachable: No answer.
        """
        session = await self.session(session_id)
        found = await self._payments.confirmation(session) if may_authenticate(session) else None
        if found is None:
            raise Conflict("This payment cannot be confirmed here any more.")
        return found

    async def extend(self, session_id: str, amount_minor: int) -> Session:
        """Raise a running charge's hold to what its driver agrees to.

        Raises:
            Conflict: The hold cannot grow, or not to this amount.
        """
        asked = facts.MoreAsked(
            at=self._clock.now(), session_id=session_id, amount_minor=amount_minor
        )
        return await self._handler.run(lambda work: extend(work, asked))

    async def refund(
        self,
        session_id: str,
        amount_minor: int | None,
        reason: str,
        key: str = "",
        by: str = "",
        owed_minor: int | None = None,
    ) -> Session:
        """Give back what was paid, the whole of it without an amount; once for each key.

        `by` is the account of who does it on the operator's pages, `owed_minor` what was owed when
        it was decided.

        Raises:
            Conflict: Nothing was paid there, less than that is left, or a refund is under way.
        """
        session = await self.session(session_id)
        asked = facts.RefundAsked(
            at=self._clock.now(),
            session_id=session_id,
            amount_minor=(session.decided_minor or 0) if amount_minor is None else amount_minor,
            reason=reason,
            by=by,
        )
        return await self._handler.run(lambda work: refund(work, asked, key, owed_minor))

    async def decide(self, session_id: str, amount_minor: int, by: str = "") -> Session:
        """Settle what a person reviewed, or lower or forgive what is due.

        `by` is the account of who does it on the operator's pages.

        Raises:
            Conflict: Nothing is to be decided there, or not this amount.
        """
        fact = facts.ReviewDecided(
            at=self._clock.now(), session_id=session_id, amount_minor=amount_minor, by=by
        )
        return await self._handler.run(lambda work: decide_review(work, fact))

    async def report_end(
        self, session_id: str, energy_wh: int | None, amount_minor: int | None
    ) -> Session:
        """End a charge that the CSMS meters, by its energy or its amount.

        Raises:
            Conflict: The bridge meters it, it is not charging, or another end was reported first.
        """
        now = self._clock.now()
        return await self._handler.run(
            lambda work: report_end(work, session_id, energy_wh, amount_minor, now)
        )

    async def look(self, session: Session) -> Session:
        """Ask the payment provider what holds now, apply it, and return the session.

        Raises:
            ProviderUnreachable: No answer.
        """
        for fact in await self._payments.observe(session):
            await self._handler.apply(fact)
        return await self.session(session.id)

    async def hear(self, hint: ProviderSpoke) -> str | None:
        """Store a webhook once and have its session's objects looked at; return whose it is."""
        return await self._handler.run(lambda work: hear(work, hint))

    async def _once(
        self, holds: Callable[[Session], bool], session_id: str, timeout_s: float
    ) -> Session:
        """Return the session once something holds of it; after the time-out as it stands."""
        async with self._bus.subscribe(topic(session_id)) as updates:
            deadline = asyncio.get_running_loop().time() + timeout_s
            while True:
                session = await self.session(session_id)
                left_s = deadline - asyncio.get_running_loop().time()
                if holds(session) or left_s <= 0:
                    return session
                await updates.next(left_s)

    async def _apply(self, fact: facts.SessionFact) -> Session:
        session = await self._handler.apply(fact)
        if session is None:
            raise UnknownThing("There is no session of this id.", "unknown_session")
        return session

    def _open(self, work: Work, opening: Opening) -> Session:
        now = self._clock.now()
        charge_point, connector, tariff = place(
            work.tx, opening.charge_point_id, opening.connector_number, now
        )
        if opening.metered_by is MeteredBy.BRIDGE:
            refuse_unavailable(charge_point, connector)
        session = Session(
            id=f"ses_{secrets.token_hex(12)}",
            token=secrets.token_urlsafe(24),
            plan=opening.plan,
            metered_by=opening.metered_by,
            charge_point_id=charge_point.id,
            connector_number=connector.number,
            id_tag=secrets.token_hex(8).upper(),
            client_id=opening.client_id,
            locale=opening.locale,
            tariff=tariff,
            time_zone=charge_point.time_zone,
            currency=tariff.currency,
            amount_minor=self._amount(opening, pricer(tariff, charge_point.time_zone), connector),
            least_minor=self._payments.least_minor(tariff.currency),
            step_minor=self._payments.step_minor(tariff.currency),
            keeps_remainder=opening.plan is PlanName.FIXED and self._policy.keeps_remainder,
            application_fee_bps=charge_point.application_fee_bps,
            opened_at=now,
            provider=self._payments.name,
            account=charge_point.account,
            payment_method_id=opening.payment_method_id,
        )
        if not work.open(session):
            raise busy()
        return session

    def _amount(self, opening: Opening, priced: Pricer, connector: Connector) -> int:
        """Return what is to be secured, of what the provider can charge at all."""
        currency, now = priced.tariff.currency, self._clock.now()
        bounds = self._policy.bounds(currency)
        step_minor = self._payments.step_minor(currency)
        match opening.plan:
            case PlanName.FIXED:
                low, high = bounds.fixed_least_minor, bounds.fixed_most_minor
                amount_minor = opening.amount_minor or 0
            case PlanName.ESTIMATED:
                low, high = 0, bounds.fixed_most_minor
                power_w = connector.power_w
                cost = quote(priced, now, power_w, opening.energy_wh, opening.minutes)
                amount_minor = cost.gross_minor + -cost.gross_minor % step_minor
            case PlanName.DYNAMIC:
                low, high = 0, bounds.dynamic_ceiling_minor
                amount_minor = high
        low = max(low, self._payments.least_minor(currency), begun_minor(priced, now))
        high = min(high, self._payments.most_minor(currency))
        if not low <= amount_minor <= high or amount_minor % step_minor:
            steps = f" in steps of {step_minor}" if step_minor > 1 else ""
            raise AmountRefused(
                f"The amount must be between {low} and {high}{steps} (minor units of {currency})."
            )
        return amount_minor


def _leads_on(session: Session) -> bool:
    waits = session.state is State.OPEN or session.paying_since is not None
    return session.checkout_url is not None or not waits


def _over(session: Session, now: datetime) -> bool:
    return session.checkout_expires_at is not None and session.checkout_expires_at <= now
