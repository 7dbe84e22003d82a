"""Anything may happen in any order: the driver pays what the meter says, exactly once."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import ExitStack
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from structlog.testing import capture_logs

from irve_bridge.domain.facts import StopCause
from irve_bridge.domain.intents import Lane
from irve_bridge.domain.session import MeteredBy, PlanName, Session, State
from tests.stateful import dice
from tests.stateful.bridge import Flight
from tests.stateful.charger import ChargerMood, Outlet
from tests.stateful.csms import CsmsMood
from tests.stateful.provider import Fault
from tests.stateful.world import World

T = TypeVar("T")
GOOD = "4242424242424242"
CARDS = {
    "good": GOOD,
    "declined off-session": "4000000000000341",
    "to be authenticated": "4000002760003184",
    "short of funds later": "4000008260003178",
    "short of funds": "4000000000009995",
    "refunds fail": "4000000000005126",
    "disputed": "4000000000000259",
    "refunds pending": "4000000000007726",
}
KEPT_CARDS = ("ok", "insufficient_funds", "generic_decline", "authentication_required")
CHOICES: dict[PlanName, dict[str, Any]] = {
    PlanName.FIXED: {"amount_minor": 1000},
    PlanName.ESTIMATED: {"energy_wh": 10_000},
    PlanName.DYNAMIC: {},
}
MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86_400
WAITS_S = (1, 20, 70, 5 * MINUTE_S, 20 * MINUTE_S, 40 * MINUTE_S, 2 * HOUR_S, 7 * HOUR_S)
LONG_WAITS_S = (25 * HOUR_S, 6 * DAY_S, 15 * DAY_S)
WHICH = st.integers(0, 3)
PLANS = st.sampled_from(PlanName)
CARD_NAMES = st.sampled_from(list(CARDS))
WAITING = (State.OPEN, State.ABANDONED)
RUNNING = (State.SECURED, State.CHARGING, State.STOPPING)
STAGES = ("opened", "paid", "secured", "charging", "charged")


class Everything(RuleBasedStateMachine):
    """Every rule is something that can happen; its name and its line tell the story."""

    def __init__(self) -> None:
        super().__init__()
        self.broken = False
        self.closing = ExitStack()
        self.loop = asyncio.new_event_loop()
        self.closing.callback(self.loop.close)
        logged = self.closing.enter_context(capture_logs())
        self.closing.enter_context(dice.loaded())
        self.world = self.run(World.begin(logged))

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Let something happen; after a failure the story is over."""
        try:
            return self.loop.run_until_complete(coroutine)
        except BaseException:
            self.broken = True
            raise

    def tell(self, *words: object) -> None:
        """Print a line of the story of a failure."""
        note(f"  {self.world.clock.now():%d %H:%M:%S}  {' '.join(map(str, words))}")

    def teardown(self) -> None:
        """Bring the story to its end, and look at what remains."""
        try:
            if not self.broken:
                self.run(self.world.drain())
        finally:
            self.loop.run_until_complete(self.world.end())
            self.closing.close()

    @invariant()
    def what_holds_always(self) -> None:
        """Whatever happens, at every moment."""
        self.run(self.world.check())
        for record in self.world.records:
            s = record.session
            waiting = ", ".join(i.kind for i in record.waiting)
            self.tell("   ", _name(self.world, s), s.plan, s.state, f"[{waiting}]")

    # Where a story may begin

    @initialize(
        stage=st.sampled_from(STAGES), plan=PLANS, card=CARD_NAMES, metered_by=st.sampled_from(MeteredBy)
    )
    def begins(self, stage: str, plan: PlanName, card: str, metered_by: MeteredBy) -> None:
        self.run(self._begin(STAGES.index(stage), plan, CARDS[card], metered_by))

    async def _begin(self, stage: int, plan: PlanName, card: str, metered_by: MeteredBy) -> None:
        """Bring a session to its stage with nothing in its way."""
        world, charger = self.world, self.world.charger
        await world.open(plan, 1, metered_by=metered_by, **CHOICES[plan])
        await world.everybody_works()
        await world.check()
        if stage >= 1:
            await world.provider.pay(world.payable[0]["id"], card, "approve")
        if stage >= 2:
            await world.come_back(world.sessions()[0])
            await world.everybody_works()
        if stage >= 3:
            charger.plug(charger.outlets[0])
            await world.everybody_works()
        if stage >= 4:
            await world.pass_time(20 * MINUTE_S, awake=True)
            if charger.outlets[0].charge:
                charger.stop(charger.outlets[0], "Local")

    # The driver

    @rule(plan=PLANS, connector=st.sampled_from([1, 2]), metered_by=st.sampled_from(MeteredBy))
    def driver_opens(self, plan: PlanName, connector: int, metered_by: MeteredBy) -> None:
        opening = self.world.open(plan, connector, metered_by=metered_by, **CHOICES[plan])
        self.tell(f"opens {plan} at {connector}, metered by {metered_by}:", self.run(opening))

    @precondition(lambda self: self.world.payable)
    @rule(which=WHICH, card=CARD_NAMES, answer=st.sampled_from(["approve", "fail", None]))
    def driver_pays(self, which: int, card: str, answer: str | None) -> None:
        checkout = _pick(self.world.payable, which)
        paid = self.run(self.world.provider.pay(checkout["id"], CARDS[card], answer))
        self.tell(f"pays with a card {card}, {answer} if asked:", paid)

    @precondition(lambda self: self.world.sessions(*WAITING))
    @rule(which=WHICH, fault=st.sampled_from(Fault))
    def driver_comes_back(self, which: int, fault: Fault) -> None:
        session = _pick(self.world.sessions(*WAITING), which)
        answer = self.run(self._struck(fault, "GET", lambda: self.world.come_back(session)))
        self.tell(f"{_name(self.world, session)} comes back, fault {fault}:", answer)

    @precondition(lambda self: self.world.sessions(State.OPEN))
    @rule(which=WHICH)
    def driver_leaves(self, which: int) -> None:
        session = _pick(self.world.sessions(State.OPEN), which)
        self.tell(_name(self.world, session), "leaves:", self.run(self.world.leave(session)))

    @precondition(lambda self: self.world.sessions(State.OPEN, *RUNNING))
    @rule(which=WHICH, cause=st.sampled_from([StopCause.DRIVER, StopCause.CSMS]))
    def stop_is_asked(self, which: int, cause: StopCause) -> None:
        session = _pick(self.world.sessions(State.OPEN, *RUNNING), which)
        answer = self.run(self.world.ask(self.world.bridge.desk.stop(session.id, cause)))
        self.tell(f"{cause} stops {_name(self.world, session)}:", answer)

    @precondition(lambda self: self.world.sessions(State.DUE))
    @rule(which=WHICH)
    def driver_pays_debt(self, which: int) -> None:
        session = _pick(self.world.sessions(State.DUE), which)
        answer = self.run(self.world.ask(self.world.bridge.desk.pay(session.id)))
        self.tell(_name(self.world, session), "wants to pay what is due:", answer)

    @precondition(lambda self: self.world.sessions(State.CHARGING))
    @rule(which=WHICH, more_minor=st.sampled_from([100, 500]))
    def driver_extends(self, which: int, more_minor: int) -> None:
        session = _pick(self.world.sessions(State.CHARGING), which)
        amount_minor = (session.secured_minor or 0) + more_minor
        answer = self.run(self.world.ask(self.world.bridge.desk.extend(session.id, amount_minor)))
        self.tell(f"{_name(self.world, session)} extends to {amount_minor}:", answer)

    # The operator and the CSMS

    @precondition(lambda self: self.world.sessions(State.REVIEW, State.DUE))
    @rule(which=WHICH, percent=st.sampled_from([0, 1, 50, 99, 100]))
    def person_decides(self, which: int, percent: int) -> None:
        session = _pick(self.world.sessions(State.REVIEW, State.DUE), which)
        due = session.decided_minor if session.state is State.DUE else None
        most_minor = due or session.paid_minor or session.secured_minor or 0
        amount_minor = most_minor * percent // 100
        answer = self.run(self.world.decide(session, amount_minor))
        self.tell(f"a person decides {amount_minor} for {_name(self.world, session)}:", answer)

    @precondition(lambda self: self.world.sessions(State.SETTLED))
    @rule(which=WHICH, percent=st.sampled_from([1, 50, 100]))
    def operator_refunds(self, which: int, percent: int) -> None:
        session = _pick(self.world.sessions(State.SETTLED), which)
        amount_minor = (session.decided_minor or 0) * percent // 100
        answer = self.run(self.world.refund(session, amount_minor))
        self.tell(f"the operator refunds {amount_minor} to {_name(self.world, session)}:", answer)

    @precondition(lambda self: _metered_by_csms(self.world))
    @rule(which=WHICH, amount_minor=st.sampled_from([0, 30, 700, 5000]))
    def csms_reports_end(self, which: int, amount_minor: int) -> None:
        session = _pick(_metered_by_csms(self.world), which)
        answer = self.run(self.world.report_end(session, amount_minor))
        self.tell(f"the CSMS ends {_name(self.world, session)} at {amount_minor}:", answer)

    @rule(mood=st.sampled_from([CsmsMood.FAILS, CsmsMood.LOSES_ANSWER]))
    def csms_will_fail(self, mood: CsmsMood) -> None:
        self.world.csms.mood = mood
        self.tell("the next callback:", mood)

    # Cards and banks

    @rule(mode=st.sampled_from(["pending", "fail", "fail_later", "succeed_later"]))
    def next_refund_will(self, mode: str) -> None:
        self.run(self.world.provider.decree("refunds", mode=mode, times=1))
        self.tell("the next refund:", mode)

    @precondition(lambda self: self.world.pending_refunds)
    @rule(which=WHICH, status=st.sampled_from(["succeeded", "failed", "canceled"]))
    def bank_ends_refund(self, which: int, status: str) -> None:
        refund = _pick(self.world.pending_refunds, which)
        self.run(self.world.provider.decree(f"refunds/{refund['id']}/settle", status=status))
        self.tell(f"a refund of {refund['amount']} {status}")

    @precondition(lambda self: _paid(self.world))
    @rule(which=WHICH)
    def cardholder_disputes(self, which: int) -> None:
        payment_id = _pick(_paid(self.world), which)
        done = self.run(self.world.provider.decree(f"payment_intents/{payment_id}/dispute"))
        self.tell("a cardholder disputes a payment:", done)

    @precondition(lambda self: _disputed(self.world))
    @rule(which=WHICH, status=st.sampled_from(["won", "lost"]))
    def bank_closes_dispute(self, which: int, status: str) -> None:
        disputes = self.run(self.world.provider.disputes())
        dispute = _pick(disputes, which)["id"]
        done = self.run(self.world.provider.decree(f"disputes/{dispute}/close", status=status))
        self.tell(f"a dispute is {status}:", done)

    @precondition(lambda self: _customers(self.world))
    @rule(which=WHICH, behaviour=st.sampled_from(KEPT_CARDS), times=st.sampled_from([1, None]))
    def kept_card_will(self, which: int, behaviour: str, times: int | None) -> None:
        customer = _pick(_customers(self.world), which)
        self.run(
            self.world.provider.decree(
                f"customers/{customer}/cards", behaviour=behaviour, times=times
            )
        )
        self.tell(f"a kept card will be {behaviour}, times {times}")

    @rule(incremental=st.booleans(), overcapture_percent=st.sampled_from([0, 20]))
    def holds_will_grow(self, incremental: bool, overcapture_percent: int) -> None:
        features = {"incremental": incremental, "overcapture_percent": overcapture_percent}
        self.run(self.world.provider.decree("features", **features))
        self.tell("holds to come:", features)

    # Webhooks

    @precondition(lambda self: self.world.mail)
    @rule(which=st.integers(0, 9), copies=st.sampled_from([1, 1, 2]), kept=st.booleans())
    def webhook_arrives(self, which: int, copies: int, kept: bool) -> None:
        event = _pick(self.world.mail, which)
        for _ in range(copies):
            self.run(self.world.deliver(event))
        if not kept:
            self.world.mail.remove(event)
        self.tell(f"webhook {event['type']} arrives {copies} times, again later: {kept}")

    @precondition(lambda self: self.world.mail)
    @rule()
    def webhooks_are_lost(self) -> None:
        self.tell(f"{len(self.world.mail)} webhooks are lost for ever")
        self.world.mail.clear()

    # The charge point

    @rule(which=WHICH)
    def cable_moves(self, which: int) -> None:
        charger, outlet = self.world.charger, _pick(self.world.charger.outlets, which)
        (charger.unplug if outlet.plugged else charger.plug)(outlet)
        self.tell(f"cable of {outlet.number}", "in" if outlet.plugged else "out")

    @precondition(lambda self: _charging(self.world))
    @rule(which=WHICH)
    def car_suspends_or_resumes(self, which: int) -> None:
        outlet = _pick(_charging(self.world), which)
        self.world.charger.suspend(outlet)
        self.tell(f"car at {outlet.number} is suspended: {outlet.suspended}")

    @precondition(lambda self: _charging(self.world))
    @rule(which=WHICH)
    def meter_is_read(self, which: int) -> None:
        outlet = _pick(_charging(self.world), which)
        self.world.charger.read_meter(outlet)
        self.tell(f"meter of {outlet.number} is at {outlet.register_wh} Wh")

    @precondition(lambda self: _charging(self.world))
    @rule(which=WHICH, lies=st.sampled_from([False, False, True]))
    def charge_stops_locally(self, which: int, lies: bool) -> None:
        outlet = _pick(_charging(self.world), which)
        self.world.charger.stop(outlet, "Local", lies=lies)
        self.tell(f"{outlet.number} stops at {outlet.register_wh} Wh, with a wrong register: {lies}")

    @precondition(lambda self: _restartable(self.world))
    @rule(which=WHICH)
    def charge_starts_again(self, which: int) -> None:
        outlet = _pick(_restartable(self.world), which)
        self.world.charger.start_again(outlet)
        self.tell(f"{outlet.number} starts again with the tag used last")

    @precondition(lambda self: self.world.charger.online and self.world.charger.outbox)
    @rule(answer_lost=st.booleans(), crashes=st.sampled_from([False, False, True]))
    def charger_says(self, answer_lost: bool, crashes: bool) -> None:
        said = self.run(self.world.charger.say(self.world.bridge, answer_lost=answer_lost or crashes))
        self.tell(f"says {said}, the answer is lost: {answer_lost}, the bridge crashes: {crashes}")
        if crashes:
            self.run(self.world.crash(back_at_once=True))

    @precondition(lambda self: self.world.charger.outbox and self.world.charger.outbox[0].starts)
    @rule()
    def charger_gives_up_start(self) -> None:
        self.world.charger.give_up_start()
        self.tell("gives up saying that it started")

    @rule()
    def charger_goes_off_or_online(self) -> None:
        charger = self.world.charger
        moving = charger.disconnect if charger.online else charger.connect
        self.run(moving(self.world.bridge))
        self.tell("charge point is online:", charger.online)

    @rule(mood=st.sampled_from(list(ChargerMood)[1:]))
    def charger_will_fail(self, mood: ChargerMood) -> None:
        self.world.charger.mood = mood
        self.tell("the charge point at the next command:", mood)

    # The bridge

    @rule(lane=st.sampled_from([Lane.MONEY, Lane.MONEY, Lane.EYES, Lane.CHARGER, Lane.CSMS]))
    def bridge_claims(self, lane: Lane) -> None:
        self.tell("claims", *self.run(self.world.bridge.claim(lane)))

    @precondition(lambda self: self.world.bridge.performable())
    @rule(which=WHICH, fault=st.sampled_from(Fault), method=st.sampled_from(["*", "POST"]))
    def bridge_performs(self, which: int, fault: Fault, method: str) -> None:
        flight = _pick(self.world.bridge.performable(), which)
        self.run(self._struck(fault, method, lambda: self.world.bridge.perform(flight)))
        self.tell(f"performs {flight}, fault {fault} of {method}")

    @precondition(lambda self: self.world.bridge.concludable())
    @rule(which=WHICH)
    def bridge_concludes(self, which: int) -> None:
        flight: Flight = _pick(self.world.bridge.concludable(), which)
        self.run(self.world.bridge.conclude(flight))
        self.tell("concludes", flight)

    @rule()
    def everybody_works(self) -> None:
        self.run(self.world.everybody_works())
        self.tell("everybody works")

    @rule(fault=st.sampled_from(list(Fault)[1:]), method=st.sampled_from(["*", "POST"]))
    def everybody_works_but_one_call_fails(self, fault: Fault, method: str) -> None:
        self.run(self._struck(fault, method, self.world.everybody_works))
        self.tell(f"everybody works, fault {fault} of {method}")

    @rule()
    def bridge_sweeps(self) -> None:
        self.run(self.world.bridge.sweep.once(self.world.bridge.meters))
        self.tell("sweeps")

    @rule(back_at_once=st.booleans())
    def bridge_crashes(self, back_at_once: bool) -> None:
        lost = ", ".join(map(str, self.world.bridge.flights)) or "nothing"
        self.run(self.world.crash(back_at_once=back_at_once))
        self.tell(f"crashes and forgets {lost}; charge point back: {back_at_once}")

    @rule()
    def bridge_reconciles(self) -> None:
        self.tell("reconciles:", *self.run(self.world.reconcile()))

    # Time

    @rule(duration_s=st.sampled_from(WAITS_S), awake=st.booleans())
    def time_passes(self, duration_s: int, awake: bool) -> None:
        self.run(self._pass(duration_s, awake=awake))

    @rule(duration_s=st.sampled_from(LONG_WAITS_S))
    def days_pass(self, duration_s: int) -> None:
        self.run(self._pass(duration_s, awake=True))

    async def _pass(self, duration_s: int, *, awake: bool) -> None:
        """No request stays on its way for longer than a minute."""
        if duration_s > MINUTE_S:
            self.tell("takes effect late:", *await self.world.provider.arrive())
        await self.world.pass_time(duration_s, awake=awake)
        self.tell(f"{duration_s} s have passed, the bridge awake: {awake}")

    @precondition(lambda self: self.world.provider.late)
    @rule()
    def late_request_takes_effect(self) -> None:
        self.tell("takes effect late:", *self.run(self.world.provider.arrive()))

    async def _struck(self, fault: Fault, method: str, happening: Callable[[], Awaitable[T]]) -> T:
        await self.world.provider.strike(fault, method)
        try:
            return await happening()
        finally:
            await self.world.provider.strike(Fault.NONE, method)


def _pick(things: Sequence[T], which: int) -> T:
    return things[which % len(things)]


def _name(world: World, session: Session) -> str:
    ids = [each.id for each in world.sessions()]
    return f"#{ids.index(session.id) + 1}"


def _paid(world: World) -> list[str]:
    return [p["id"] for r in world.records for p in r.payments if p["charged_minor"]]


def _disputed(world: World) -> bool:
    return any(payment["disputed_minor"] for r in world.records for payment in r.payments)


def _customers(world: World) -> list[str]:
    return [session.customer_id for session in world.sessions() if session.customer_id]


def _metered_by_csms(world: World) -> list[Session]:
    return [s for s in world.sessions(State.CHARGING) if s.metered_by is MeteredBy.CSMS]


def _charging(world: World) -> list[Outlet]:
    return [outlet for outlet in world.charger.outlets if outlet.charge]


def _restartable(world: World) -> list[Outlet]:
    free = [outlet for outlet in world.charger.outlets if outlet.plugged and not outlet.charge]
    return free if world.charger.charges else []


LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"
Everything.TestCase.settings = settings(
    settings.default,
    max_examples=1500 if LONG else 60,
    stateful_step_count=60 if LONG else 40,
    suppress_health_check=list(HealthCheck),
    derandomize=not LONG,
)
TestEverything = pytest.mark.timeout(7200 if LONG else 120)(Everything.TestCase)
