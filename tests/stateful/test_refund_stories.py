"""Refunds that cross with what others do, told step by step."""

from collections import Counter
from datetime import timedelta

from irve_bridge.domain.intents import Lane
from irve_bridge.domain.session import PlanName, Session, State
from tests.stateful import situations
from tests.stateful.provider import Fault
from tests.stateful.world import World

A_DAY_S = 86_400


async def test_a_failure_heard_before_the_slow_success_is_made_good(world: World) -> None:
    session = await situations.reach(world, "charging", PlanName.FIXED)
    await world.pass_time(600, awake=True)
    outlet = world.charger.outlets[session.connector_number - 1]
    world.charger.stop(outlet, "Local")
    await world.talk()
    await world.provider.decree("refunds", mode="fail_later", times=1)
    (refund,) = await world.bridge.claim(Lane.REFUNDS)
    await world.bridge.perform(refund)
    await world.check()
    for event in world.mail:
        await world.deliver(event)
    await world.work_through(Lane.EYES)
    await world.bridge.conclude(refund)
    await world.drain()
    ended = world.session(session.id)
    assert (ended.state, world.record(ended.id).kept_minor) == (State.SETTLED, ended.decided_minor)


async def test_a_refund_on_its_way_is_not_made_again_because_somebody_gave_back_by_hand(
    world: World,
) -> None:
    session = await situations.reach(world, "charged", PlanName.FIXED)
    await world.refund(session, 60)
    await world.provider.strike(Fault.LATE, "POST")
    await world.work_through(Lane.REFUNDS)
    await world.provider.strike(Fault.NONE, "*")
    await world.refund_by_hand(session.payment_intent_id or "", 20)
    await world.pass_time(10, awake=True)
    await world.provider.arrive()
    await world.drain()
    owed_minor = session.decided_minor or 0
    assert world.record(session.id).kept_minor == owed_minor - 60 - 20


async def test_a_late_stop_does_not_decide_in_the_place_of_a_person(world: World) -> None:
    """The refund failed for good: what the driver is to get stays on somebody's list."""
    session = await situations.reach(world, "charging", PlanName.ESTIMATED)
    outlet = world.charger.outlets[session.connector_number - 1]
    await world.pass_time(300, awake=True)
    world.charger.read_meter(outlet)
    await world.talk()
    await world.charger.disconnect(world.bridge)
    await _pass_until(world, session.id, State.SETTLED)
    await world.provider.decree("refunds", mode="fail", times=99)
    settled = world.session(session.id)
    await world.refund(settled, settled.decided_minor or 0)
    await _pass_until(world, session.id, State.REVIEW)
    await world.charger.connect(world.bridge)
    world.charger.stop(outlet, "Local")
    await world.everybody_works()
    await world.check()
    waiting = world.session(session.id)
    assert (waiting.state, waiting.decided_minor) == (State.REVIEW, 0)


async def test_a_second_payment_s_refund_that_fails_after_the_customer_s_term_is_made_again(
    world: World,
) -> None:
    """The customer is deleted by then: the webhook's own objects are looked at."""
    session = await situations.reach(world, "charged", PlanName.FIXED)
    await world.pay_beside(session)
    await world.check()
    for event in world.mail:
        await world.deliver(event)
    await world.everybody_works()
    await world.pass_time(31 * A_DAY_S, awake=True)
    await world.check()
    assert world.session(session.id).customer_id is None
    world.mail.clear()
    of_second = [r for r in await world.provider.refunds() if r["amount"] == session.amount_minor]
    await world.provider.decree(f"refunds/{of_second[0]['id']}/settle", status="failed")
    await world.check()
    for event in world.mail:
        await world.deliver(event)
    await world.pass_time(A_DAY_S, awake=True)
    await world.check()
    assert world.record(session.id).kept_minor == session.decided_minor


async def test_a_second_payment_s_refunds_use_up_no_try_of_the_session_s_own(world: World) -> None:
    session = await situations.reach(world, "charging", PlanName.FIXED)
    await world.pay_beside(session)
    await world.provider.decree("refunds", mode="fail", times=99)
    await world.check()
    for event in world.mail:
        await world.deliver(event)
    world.charger.stop(world.charger.outlets[session.connector_number - 1], "Local")
    await world.pass_time(2 * A_DAY_S, awake=True)
    tried = Counter(refund["payment_intent"] for refund in await world.provider.refunds())
    assert sorted(tried.values()) == [1 + world.bridge.policy.refund_retries] * 2


async def test_a_customer_is_forgotten_though_a_person_must_decide(world: World) -> None:
    """The deletion met an error, and then a refund failed for good."""
    session = await situations.reach(world, "charged", PlanName.FIXED)
    await world.check()
    ends_at = world.session(session.id).ended_at
    assert ends_at is not None
    term = ends_at + world.policy.customer_kept
    retries = world.policy.refund_retries * world.policy.refund_retry_after
    await world.pass_time(_seconds(term - retries - world.clock.now()), awake=True)
    await world.provider.decree("refunds", mode="fail", times=99)
    await world.refund(session, 50)
    await world.pass_time(_seconds(retries) - 1, awake=True)
    await world.pass_time(2, awake=False)
    await world.bridge.sweep.once(world.bridge.meters)
    await world.provider.strike(Fault.ERROR, "DELETE")
    await world.work_through(Lane.AFTERWARDS)
    await world.provider.strike(Fault.NONE, "*")
    await _pass_until(world, session.id, State.REVIEW)
    await world.pass_time(600, awake=True)
    await world.check()
    assert not [i for i in world.record(session.id).waiting if i.kind == "forget_customer"]
    assert await world.provider.is_deleted(session.customer_id or "")


async def _pass_until(world: World, session_id: str, state: State) -> Session:
    for _ in range(20 * 4):
        await world.pass_time(A_DAY_S // 4, awake=True)
        await world.check()
        if world.session(session_id).state is state:
            return world.session(session_id)
    raise AssertionError(f"never {state}: {world.session(session_id)}")


def _seconds(span: timedelta) -> int:
    return int(span.total_seconds())
