"""Sessions that wait for a person while money moves by itself, told step by step."""

import pytest

from irve_bridge.domain.session import MeteredBy, PlanName, Session, State
from tests.stateful import situations
from tests.stateful.world import World

A_DAY_S = 86_400


@pytest.mark.parametrize(("paid_minor", "decided_minor"), [(300, 100), (100, 100), (300, 0)])
async def test_what_was_paid_while_a_person_decides_counts_as_the_session_s_own(
    world: World, paid_minor: int, decided_minor: int
) -> None:
    """Taken by hand, say: what is decided is kept of it, and the rest goes back once."""
    session = await _doubted(world)
    await world.pay_beside(session, paid_minor)
    await _hear(world)
    await world.decide(world.session(session.id), decided_minor)
    await world.drain()
    ended = world.session(session.id)
    assert ended.state is (State.SETTLED if decided_minor else State.RELEASED)
    assert world.record(session.id).kept_minor == decided_minor


async def test_a_charge_that_the_csms_meters_goes_on_when_its_hold_is_gone(world: World) -> None:
    """The CSMS is told once, and its end is waited for as before."""
    session = await situations.reach(world, "secured", PlanName.ESTIMATED, MeteredBy.CSMS)
    await world.let_go(session.payment_intent_id or "")
    for _ in range(2):
        await world.ask(world.bridge.desk.look(world.session(session.id)))
    await world.everybody_works()
    await world.check()
    charging = world.session(session.id)
    assert (charging.state, charging.outcome) == (State.CHARGING, "hold_gone")
    told = charging.callback_sequence
    await world.pass_time(2 * A_DAY_S, awake=True)
    await world.check()
    assert world.session(session.id).state is State.REVIEW
    assert told == session.callback_sequence + 1


async def _doubted(world: World) -> Session:
    session = await situations.reach(world, "charging", PlanName.DYNAMIC)
    await world.pass_time(1200, awake=True)
    world.charger.stop(world.charger.outlets[session.connector_number - 1], "Local", lies=True)
    await world.everybody_works()
    await world.check()
    assert world.session(session.id).state is State.REVIEW
    return world.session(session.id)


async def _hear(world: World) -> None:
    await world.check()
    for event in world.mail:
        await world.deliver(event)
    await world.everybody_works()
    await world.check()
