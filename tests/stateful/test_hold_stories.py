"""Holds that end before anybody decided, and holds that grow too late, told step by step."""

from datetime import timedelta

from irve_bridge.domain.intents import Lane
from irve_bridge.domain.session import PlanName, State
from tests.stateful import situations
from tests.stateful.world import World

A_WEEK_S = 7 * 86_400


async def test_of_a_wrong_clock_no_time_is_captured(world: World) -> None:
    """The stop is dated tomorrow and nobody decides: energy and the flat price are not in doubt."""
    session = await situations.reach(world, "charging", PlanName.ESTIMATED)
    outlet = world.charger.outlets[session.connector_number - 1]
    await world.pass_time(300, awake=True)
    world.charger.stop(outlet, "Local", ahead=timedelta(hours=23))
    await world.everybody_works()
    await world.check()
    assert world.session(session.id).state is State.REVIEW
    await world.pass_time(A_WEEK_S, awake=True)
    await world.check()
    energy_and_flat_minor = 71 + 30
    assert world.record(session.id).kept_minor == energy_and_flat_minor


async def test_without_trusted_energy_nothing_is_captured(world: World) -> None:
    session = await situations.reach(world, "charging", PlanName.ESTIMATED)
    outlet = world.charger.outlets[session.connector_number - 1]
    world.charger.suspend(outlet)
    await world.pass_time(900, awake=True)
    world.charger.stop(outlet, "Local", lies=True)
    await world.everybody_works()
    await world.pass_time(A_WEEK_S, awake=True)
    await world.check()
    assert world.session(session.id).state is State.RELEASED
    assert world.record(session.id).kept_minor == 0


async def test_of_a_hold_that_grew_after_the_stop_all_is_let_go_in_the_books(world: World) -> None:
    """The bank's yes is stored when the charge is over: what the books hold, they let go."""
    await world.provider.decree("features", incremental=True, overcapture_percent=0)
    session = await situations.reach(world, "charging", PlanName.ESTIMATED)
    await world.pass_time(300, awake=True)
    secured_minor = session.secured_minor or 0
    await world.ask(world.bridge.desk.extend(session.id, secured_minor + 500))
    (increment,) = await world.bridge.claim(Lane.MONEY)
    await world.bridge.perform(increment)
    world.charger.stop(world.charger.outlets[session.connector_number - 1], "Local")
    await world.talk()
    await world.bridge.conclude(increment)
    await world.everybody_works()
    await world.check()
    moved = [(m.kind, m.amount_minor) for m in world.record(session.id).movements]
    kept_minor = world.record(session.id).kept_minor
    let_go_minor = secured_minor + 500 - kept_minor
    assert moved[2:] == [("capture", kept_minor), ("release", let_go_minor)]


async def test_a_hold_that_grew_when_it_was_gone_is_in_no_book(world: World) -> None:
    """The bank's yes is stored after the hold was let go of by hand."""
    await world.provider.decree("features", incremental=True, overcapture_percent=0)
    session = await situations.reach(world, "charging", PlanName.ESTIMATED)
    await world.ask(world.bridge.desk.extend(session.id, (session.secured_minor or 0) + 500))
    (increment,) = await world.bridge.claim(Lane.MONEY)
    await world.bridge.perform(increment)
    await world.let_go(session.payment_intent_id or "")
    await world.ask(world.bridge.desk.look(session))
    await world.bridge.conclude(increment)
    await world.check()
    moved = [movement.kind for movement in world.record(session.id).movements]
    assert moved == ["hold", "release"]


async def test_a_second_hold_of_a_debt_is_let_go(world: World) -> None:
    """What is due is paid at a checkout, not held: a hold that turns up is none of it."""
    session = await situations.hold_gone(world)
    await world.pay_beside(session)
    await world.check()
    for event in world.mail:
        await world.deliver(event)
    await world.everybody_works()
    await world.check()
    assert world.record(session.id).held_minor == 0
