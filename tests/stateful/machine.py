"""What can happen, one rule each, in any order."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import ExitStack
from functools import partial
from typing import Any, TypeVar

from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from structlog.testing import capture_logs

from irve_bridge.domain.facts import StopCause
from irve_bridge.domain.intents import Lane
from irve_bridge.domain.session import MeteredBy, PlanName, State
from tests.stateful import choices, dice, ways
from tests.stateful.bridge import STRIPES, Flight
from tests.stateful.charger import ChargerMood
from tests.stateful.csms import CsmsMood
from tests.stateful.provider import Fault
from tests.stateful.situations import SITUATIONS
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
MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86_400
WAITS_S = (1, 20, 70, 5 * MINUTE_S, 20 * MINUTE_S, 40 * MINUTE_S, 2 * HOUR_S, 7 * HOUR_S)
LONG_WAITS_S = (25 * HOUR_S, 6 * DAY_S, 15 * DAY_S)
WHICH = st.integers(0, 3)
PLANS = st.sampled_from(PlanName)
CARD_NAMES = st.sampled_from(list(CARDS))
WAITING = (State.OPEN, State.ABANDONED)
RUNNING = (State.SECURED, State.CHARGING, State.STOPPING)
GOING_ON = tuple(state for state in State if state not in (State.ABANDONED, State.RELEASED))
METERED_BY = st.sampled_from([MeteredBy.BRIDGE, MeteredBy.BRIDGE, MeteredBy.BRIDGE, MeteredBy.CSMS])
METHODS = st.sampled_from(["*", "POST"])
PAYING_CARDS = st.sampled_from([name for name in CARDS if name != "short of funds"])
SESSIONS_MOST = 6


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
            self.tell("   ", choices.name(self.world, s), s.plan, s.state, f"[{waiting}]")

    # Where a story may begin

    @initialize(
        begun=st.sampled_from([*ways.STAGES, *SITUATIONS]),
        plan=PLANS,
        card=PAYING_CARDS,
        metered_by=METERED_BY,
    )
    def begins(self, begun: str, plan: PlanName, card: str, metered_by: MeteredBy) -> None:
        if begun in SITUATIONS:
            self.run(SITUATIONS[begun](self.world))
        else:
            self.run(ways.begin(self.world, begun, plan, 1, CARDS[card], metered_by))

    @initialize(stage=st.sampled_from([*ways.STAGES, None]), plan=PLANS, card=PAYING_CARDS)
    def another_begins(self, stage: str | None, plan: PlanName, card: str) -> None:
        if stage is not None:
            self.run(ways.begin(self.world, stage, plan, 2, CARDS[card], MeteredBy.BRIDGE))

    # What mostly happens, even if one call to Stripe fails meanwhile

    @precondition(lambda self: bool(self.world.sessions(*GOING_ON)))
    @rule(which=WHICH, card=PAYING_CARDS, fault=st.sampled_from(Fault), method=METHODS)
    def it_goes_on(self, which: int, card: str, fault: Fault, method: str) -> None:
        session = choices.pick(self.world.sessions(*GOING_ON), which)
        step = partial(ways.go_on, self.world, session, CARDS[card])
        self.run(self._struck(fault, method, step))
        name = choices.name(self.world, session)
        self.tell(f"{name} goes on from {session.state}, card {card}, fault {fault} of {method}")

    @precondition(lambda self: bool(self.world.sessions(*GOING_ON)))
    @rule(which=WHICH, card=PAYING_CARDS)
    def it_goes_on_well(self, which: int, card: str) -> None:
        session = choices.pick(self.world.sessions(*GOING_ON), which)
        self.run(ways.go_on(self.world, session, CARDS[card]))
        self.tell(f"{choices.name(self.world, session)} goes on from {session.state}, card {card}")

    @precondition(lambda self: bool(self.world.sessions(*GOING_ON)))
    @rule(which=WHICH, card=PAYING_CARDS, repeated=st.booleans())
    def it_goes_on_with_a_late_call(self, which: int, card: str, repeated: bool) -> None:
        """A call times out, is perhaps made again meanwhile, and only then arrives."""
        session = choices.pick(self.world.sessions(*GOING_ON), which)
        step = partial(ways.go_on, self.world, session, CARDS[card])
        self.run(self._struck(Fault.LATE, "POST", step))
        if repeated:
            self.run(self.world.pass_time(5, awake=True))
        arrived = self.run(self.world.provider.arrive())
        name = choices.name(self.world, session)
        self.tell(f"{name} goes on from {session.state}, repeated: {repeated}, late:", *arrived)

    @precondition(lambda self: bool(self.world.sessions(*GOING_ON)))
    @rule(duration_s=st.sampled_from([5, 30, 90]))
    def a_moment_passes(self, duration_s: int) -> None:
        self.run(self._pass(duration_s, awake=True))

    # The driver

    @precondition(lambda self: len(self.world.records) < SESSIONS_MOST)
    @rule(plan=PLANS, connector=st.sampled_from([1, 2]), metered_by=METERED_BY)
    def driver_opens(self, plan: PlanName, connector: int, metered_by: MeteredBy) -> None:
        opening = self.world.open(plan, connector, metered_by=metered_by, **ways.CHOICES[plan])
        self.tell(f"opens {plan} at {connector}, metered by {metered_by}:", self.run(opening))

    @precondition(lambda self: bool(self.world.payable))
    @rule(which=WHICH, card=CARD_NAMES, answer=st.sampled_from(["approve", "fail", None]))
    def driver_pays(self, which: int, card: str, answer: str | None) -> None:
        checkout = choices.pick(self.world.payable, which)
        paid = self.run(self.world.provider.pay(checkout["id"], CARDS[card], answer))
        self.tell(f"pays with a card {card}, {answer} if asked:", paid)

    @precondition(lambda self: bool(self.world.sessions(*WAITING)))
    @rule(which=WHICH, fault=st.sampled_from(Fault))
    def driver_comes_back(self, which: int, fault: Fault) -> None:
        session = choices.pick(self.world.sessions(*WAITING), which)
        answer = self.run(self._struck(fault, "GET", lambda: self.world.come_back(session)))
        self.tell(f"{choices.name(self.world, session)} comes back, fault {fault}:", answer)

    @precondition(lambda self: bool(self.world.sessions(State.OPEN)))
    @rule(which=WHICH)
    def driver_leaves(self, which: int) -> None:
        session = choices.pick(self.world.sessions(State.OPEN), which)
        self.tell(choices.name(self.world, session), "leaves:", self.run(self.world.leave(session)))

    @precondition(lambda self: bool(self.world.sessions(State.OPEN, *RUNNING)))
    @rule(which=WHICH, cause=st.sampled_from([StopCause.DRIVER, StopCause.CSMS]))
    def stop_is_asked(self, which: int, cause: StopCause) -> None:
        session = choices.pick(self.world.sessions(State.OPEN, *RUNNING), which)
        answer = self.run(self.world.ask(self.world.bridge.desk.stop(session.id, cause)))
        self.tell(f"{cause} stops {choices.name(self.world, session)}:", answer)

    @precondition(lambda self: bool(self.world.sessions(State.DUE)))
    @rule(which=WHICH)
    def driver_pays_debt(self, which: int) -> None:
        session = choices.pick(self.world.sessions(State.DUE), which)
        answer = self.run(self.world.ask(self.world.bridge.desk.pay(session.id)))
        self.tell(choices.name(self.world, session), "wants to pay what is due:", answer)

    @precondition(lambda self: bool(self.world.sessions(State.DUE)))
    @rule(which=WHICH)
    def driver_asks_to_confirm(self, which: int) -> None:
        session = choices.pick(self.world.sessions(State.DUE), which)
        answer = self.run(self.world.ask_to_confirm(session))
        self.tell(choices.name(self.world, session), "wants to confirm what is due:", answer)

    @precondition(lambda self: bool(self.world.confirmations))
    @rule(which=WHICH)
    def driver_confirms(self, which: int) -> None:
        """Perhaps long after it was asked for."""
        given = choices.pick(self.world.confirmations, which)
        confirming = self.world.provider.confirm(given.client_secret, given.payment_method_id)
        self.tell("a browser confirms a payment:", self.run(confirming))

    @precondition(lambda self: bool(self.world.confirmations))
    @rule(which=WHICH, outcome=st.sampled_from(["approve", "approve", "fail"]))
    def driver_answers_bank(self, which: int, outcome: str) -> None:
        given = choices.pick(self.world.confirmations, which)
        self.run(self.world.provider.answer_bank(given.client_secret, outcome))
        self.tell("a bank that asks is answered:", outcome)

    @precondition(lambda self: bool(self.world.sessions(State.CHARGING)))
    @rule(which=WHICH, more_minor=st.sampled_from([100, 500]))
    def driver_extends(self, which: int, more_minor: int) -> None:
        session = choices.pick(self.world.sessions(State.CHARGING), which)
        amount_minor = (session.secured_minor or 0) + more_minor
        answer = self.run(self.world.ask(self.world.bridge.desk.extend(session.id, amount_minor)))
        self.tell(f"{choices.name(self.world, session)} extends to {amount_minor}:", answer)

    # The operator and the CSMS

    @precondition(lambda self: bool(self.world.sessions(State.REVIEW, State.DUE)))
    @rule(which=WHICH, percent=st.sampled_from([0, 1, 50, 99, 100]))
    def person_decides(self, which: int, percent: int) -> None:
        session = choices.pick(self.world.sessions(State.REVIEW, State.DUE), which)
        due = session.decided_minor if session.state is State.DUE else None
        most_minor = due or session.paid_minor or session.secured_minor or 0
        amount_minor = most_minor * percent // 100
        answer = self.run(self.world.decide(session, amount_minor))
        self.tell(
            f"a person decides {amount_minor} for {choices.name(self.world, session)}:", answer
        )

    @precondition(lambda self: bool(self.world.sessions(State.SETTLED)))
    @rule(which=WHICH, percent=st.sampled_from([1, 50, 100]))
    def operator_refunds(self, which: int, percent: int) -> None:
        session = choices.pick(self.world.sessions(State.SETTLED), which)
        amount_minor = (session.decided_minor or 0) * percent // 100
        answer = self.run(self.world.refund(session, amount_minor))
        self.tell(
            f"the operator refunds {amount_minor} to {choices.name(self.world, session)}:", answer
        )

    @precondition(lambda self: bool(choices.metered_by_csms(self.world)))
    @rule(which=WHICH, amount_minor=st.sampled_from([0, 30, 700, 5000]))
    def csms_reports_end(self, which: int, amount_minor: int) -> None:
        session = choices.pick(choices.metered_by_csms(self.world), which)
        answer = self.run(self.world.report_end(session, amount_minor))
        self.tell(f"the CSMS ends {choices.name(self.world, session)} at {amount_minor}:", answer)

    @rule(mood=st.sampled_from(list(CsmsMood)[1:]))
    def csms_will_fail(self, mood: CsmsMood) -> None:
        self.world.csms.mood = mood
        self.tell("the next callback:", mood)

    # Cards and banks

    @rule(mode=st.sampled_from(["pending", "fail", "fail_later", "succeed_later"]))
    def next_refund_will(self, mode: str) -> None:
        self.run(self.world.provider.decree("refunds", mode=mode, times=1))
        self.tell("the next refund:", mode)

    @precondition(lambda self: bool(self.world.pending_refunds))
    @rule(which=WHICH, status=st.sampled_from(["succeeded", "failed", "canceled"]))
    def bank_ends_refund(self, which: int, status: str) -> None:
        refund = choices.pick(self.world.pending_refunds, which)
        self.run(self.world.provider.decree(f"refunds/{refund['id']}/settle", status=status))
        self.tell(f"a refund of {refund['amount']} {status}")

    @precondition(lambda self: bool(choices.paid(self.world)))
    @rule(which=WHICH, amount_minor=st.sampled_from([1, 100]))
    def operator_refunds_at_stripe(self, which: int, amount_minor: int) -> None:
        payment_id = choices.pick(choices.paid(self.world), which)
        done = self.run(self.world.refund_by_hand(payment_id, amount_minor))
        self.tell(f"the operator refunds {amount_minor} of {payment_id} by hand at Stripe:", done)

    @precondition(lambda self: bool(choices.paid_for(self.world)))
    @rule(which=WHICH)
    def second_payment_turns_up(self, which: int) -> None:
        session = choices.pick(choices.paid_for(self.world), which)
        done = self.run(self.world.pay_beside(session))
        self.tell(f"{choices.name(self.world, session)} is paid by a payment unheard of:", done)

    @precondition(lambda self: bool(choices.held(self.world)))
    @rule(which=WHICH)
    def hold_is_let_go_by_hand(self, which: int) -> None:
        payment_id = choices.pick(choices.held(self.world), which)
        self.tell("a hold is let go of at Stripe:", self.run(self.world.let_go(payment_id)))

    @precondition(lambda self: bool(choices.paid(self.world)))
    @rule(which=WHICH)
    def cardholder_disputes(self, which: int) -> None:
        payment_id = choices.pick(choices.paid(self.world), which)
        done = self.run(self.world.provider.decree(f"payment_intents/{payment_id}/dispute"))
        self.tell("a cardholder disputes a payment:", done)

    @precondition(lambda self: bool(choices.disputed(self.world)))
    @rule(which=WHICH, status=st.sampled_from(["won", "lost"]))
    def bank_closes_dispute(self, which: int, status: str) -> None:
        disputes = self.run(self.world.provider.disputes())
        dispute = choices.pick(disputes, which)["id"]
        done = self.run(self.world.provider.decree(f"disputes/{dispute}/close", status=status))
        self.tell(f"a dispute is {status}:", done)

    @precondition(lambda self: bool(choices.customers(self.world)))
    @rule(which=WHICH, behaviour=st.sampled_from(KEPT_CARDS), times=st.sampled_from([1, None]))
    def kept_card_will(self, which: int, behaviour: str, times: int | None) -> None:
        customer = choices.pick(choices.customers(self.world), which)
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

    @precondition(lambda self: bool(self.world.mail))
    @rule(which=st.integers(0, 9), copies=st.sampled_from([1, 1, 2]), kept=st.booleans())
    def webhook_arrives(self, which: int, copies: int, kept: bool) -> None:
        event = choices.pick(self.world.mail, which)
        for _ in range(copies):
            self.run(self.world.deliver(event))
        if not kept:
            self.world.mail.remove(event)
        self.tell(f"webhook {event['type']} arrives {copies} times, again later: {kept}")

    @precondition(lambda self: bool(self.world.mail))
    @rule(backwards=st.booleans())
    def webhooks_arrive(self, backwards: bool) -> None:
        self.tell(f"{len(self.world.mail)} webhooks arrive, backwards: {backwards}")
        posted, self.world.mail = self.world.mail, []
        for event in posted[::-1] if backwards else posted:
            self.run(self.world.deliver(event))
        self.run(self.world.everybody_works())

    @precondition(lambda self: bool(self.world.mail))
    @rule()
    def webhooks_are_lost(self) -> None:
        self.tell(f"{len(self.world.mail)} webhooks are lost for ever")
        self.world.mail.clear()

    # The charge point

    @rule(which=WHICH)
    def cable_moves(self, which: int) -> None:
        charger, outlet = self.world.charger, choices.pick(self.world.charger.outlets, which)
        (charger.unplug if outlet.plugged else charger.plug)(outlet)
        self.tell(f"cable of {outlet.number}", "in" if outlet.plugged else "out")

    @precondition(lambda self: bool(choices.charging(self.world)))
    @rule(which=WHICH)
    def car_suspends_or_resumes(self, which: int) -> None:
        outlet = choices.pick(choices.charging(self.world), which)
        self.world.charger.suspend(outlet)
        self.tell(f"car at {outlet.number} is suspended: {outlet.suspended}")

    @precondition(lambda self: bool(choices.charging(self.world)))
    @rule(which=WHICH)
    def meter_is_read(self, which: int) -> None:
        outlet = choices.pick(choices.charging(self.world), which)
        self.world.charger.read_meter(outlet)
        self.tell(f"meter of {outlet.number} is at {outlet.register_wh} Wh")

    @precondition(lambda self: bool(choices.charging(self.world)))
    @rule(which=WHICH, lies=st.sampled_from([False, False, True]))
    def charge_stops_locally(self, which: int, lies: bool) -> None:
        outlet = choices.pick(choices.charging(self.world), which)
        self.world.charger.stop(outlet, "Local", lies=lies)
        self.tell(
            f"{outlet.number} stops at {outlet.register_wh} Wh, with a wrong register: {lies}"
        )

    @precondition(lambda self: bool(choices.charging(self.world)))
    @rule(which=WHICH, short_wh=st.sampled_from([0, 0, 300]))
    def charge_stops_untold(self, which: int, short_wh: int) -> None:
        outlet = choices.pick(choices.charging(self.world), which)
        self.world.charger.stop(outlet, "Local", short_wh=short_wh, forgets=True)
        self.tell(f"{outlet.number} stops, {short_wh} Wh short, and says nothing of it")

    @precondition(lambda self: bool(self.world.charger.forgotten))
    @rule()
    def stop_is_remembered(self) -> None:
        self.world.charger.remember()
        self.tell("a forgotten stop is said after all")

    @precondition(lambda self: bool(choices.restartable(self.world)))
    @rule(which=WHICH)
    def charge_starts_again(self, which: int) -> None:
        outlet = choices.pick(choices.restartable(self.world), which)
        self.world.charger.start_again(outlet)
        self.tell(f"{outlet.number} starts again with the tag used last")

    @precondition(lambda self: self.world.charger.online and self.world.charger.outbox)
    @rule(answer_lost=st.booleans(), crashes=st.sampled_from([False, False, True]))
    def charger_says(self, answer_lost: bool, crashes: bool) -> None:
        said = self.run(
            self.world.charger.say(self.world.bridge, answer_lost=answer_lost or crashes)
        )
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

    @rule(lane=st.sampled_from([Lane.MONEY, *sorted(STRIPES), Lane.CHARGER, Lane.CSMS]))
    def bridge_claims(self, lane: Lane) -> None:
        self.tell("claims", *self.run(self.world.bridge.claim(lane)))

    @precondition(lambda self: bool(self.world.bridge.performable()))
    @rule(which=WHICH, fault=st.sampled_from(Fault), method=METHODS)
    def bridge_performs(self, which: int, fault: Fault, method: str) -> None:
        flight = choices.pick(self.world.bridge.performable(), which)
        self.run(self._struck(fault, method, lambda: self.world.bridge.perform(flight)))
        self.tell(f"performs {flight}, fault {fault} of {method}")

    @precondition(lambda self: bool(self.world.bridge.concludable()))
    @rule(which=WHICH)
    def bridge_concludes(self, which: int) -> None:
        flight: Flight = choices.pick(self.world.bridge.concludable(), which)
        self.run(self.world.bridge.conclude(flight))
        self.tell("concludes", flight)

    @rule()
    def everybody_works(self) -> None:
        self.run(self.world.everybody_works())
        self.tell("everybody works")

    @rule(fault=st.sampled_from(list(Fault)[1:]), method=METHODS)
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

    @precondition(lambda self: bool(self.world.provider.late))
    @rule()
    def late_request_takes_effect(self) -> None:
        self.tell("takes effect late:", *self.run(self.world.provider.arrive()))

    async def _struck(self, fault: Fault, method: str, happening: Callable[[], Awaitable[T]]) -> T:
        await self.world.provider.strike(fault, method)
        try:
            return await happening()
        finally:
            await self.world.provider.strike(Fault.NONE, method)
