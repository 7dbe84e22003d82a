"""Stops that are never told, or too late, told step by step."""

import pytest

from irve_bridge.domain.facts import StopCause
from irve_bridge.domain.intents import Lane
from irve_bridge.domain.session import Delivery, PlanName, State
from tests.stateful import situations
from tests.stateful.world import World

SHORT_WH = 300
every_plan = pytest.mark.parametrize("plan", list(PlanName))


@every_plan
async def test_a_stop_that_is_never_told_is_billed_as_far_as_it_was_read(
    world: World, plan: PlanName
) -> None:
    session = await situations.stop_forgotten(world, plan)
    assert session.state is State.CHARGING
    await world.drain()
    ended, record = world.session(session.id), world.record(session.id)
    assert record.charge is not None
    assert (ended.state, ended.energy_wh) == (State.SETTLED, record.charge.energy_wh)
    assert record.kept_minor == ended.decided_minor


@every_plan
async def test_a_stop_told_after_all_gives_the_difference_back_once(
    world: World, plan: PlanName
) -> None:
    session = await situations.stop_told_after_all(world, plan)
    assert session.state is State.SETTLED
    world.charger.remember()
    await world.drain()
    ended, record = world.session(session.id), world.record(session.id)
    assert record.charge is not None
    assert (ended.state, ended.energy_wh) == (State.SETTLED, record.charge.energy_wh)
    assert record.kept_minor == ended.decided_minor
    assert record.kept_minor < (session.decided_minor or 0)


@every_plan
@pytest.mark.parametrize("crashes", [False, True])
@pytest.mark.parametrize("how_far", ["waits", "is on its way"])
async def test_a_stop_that_crosses_with_the_settlement_takes_nothing_twice(
    world: World, plan: PlanName, how_far: str, *, crashes: bool
) -> None:
    """What waits takes less; what is on its way is put right afterwards, after a crash as well."""
    session = await situations.stop_forgotten(world, plan, SHORT_WH)
    await world.pass_time(situations.IDLE_S, awake=False)
    await world.bridge.sweep.once(world.bridge.meters)
    lane = Lane.REFUNDS if plan is PlanName.FIXED else Lane.MONEY
    if how_far == "is on its way":
        (flight,) = await world.bridge.claim(lane)
        await world.bridge.perform(flight)
    world.charger.remember()
    await world.talk()
    await world.check()
    assert world.session(session.id).state is State.SETTLING
    if crashes:
        await world.crash(back_at_once=True)
    await world.drain()
    ended, record = world.session(session.id), world.record(session.id)
    assert record.charge is not None
    assert (ended.state, ended.energy_wh) == (State.SETTLED, record.charge.energy_wh)
    assert record.kept_minor == ended.decided_minor
    if how_far == "waits":
        taken = [line["charged_minor"] for line in record.payments if line["charged_minor"]]
        assert taken == [1000 if plan is PlanName.FIXED else ended.decided_minor]


async def test_another_start_on_the_connector_ends_what_ran_there(world: World) -> None:
    session = await situations.reach(world, "charging", PlanName.DYNAMIC)
    outlet = world.charger.outlets[session.connector_number - 1]
    await world.pass_time(600, awake=True)
    world.charger.read_meter(outlet)
    world.charger.stop(outlet, "Local", forgets=True)
    await world.pass_time(60, awake=True)
    world.charger.start_again(outlet)
    await world.everybody_works()
    await world.check()
    ended = world.session(session.id)
    assert (ended.state, ended.stop_reason) == (State.SETTLED, "NewTransaction")
    await world.drain()


async def test_a_start_that_a_crash_forgot_still_counts_when_a_stop_is_wished(world: World) -> None:
    """It may have arrived: nothing goes back as if nothing had ever been sent."""
    session = await situations.start_under_way(world)
    await world.crash(back_at_once=False)
    for _ in range(2):
        await world.ask(world.bridge.desk.stop(session.id, StopCause.DRIVER))
        await world.pass_time(5, awake=True)
    await world.check()
    waiting = world.session(session.id)
    assert (waiting.state, waiting.delivery) == (State.SECURED, Delivery.UNKNOWN)
    await world.charger.connect(world.bridge)
    await world.drain()
