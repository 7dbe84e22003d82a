"""Where a story may begin that chance alone would seldom reach."""

from collections.abc import Awaitable, Callable
from typing import Any

from irve_bridge.domain.intents import Lane
from irve_bridge.domain.session import MeteredBy, PlanName, Session
from tests.stateful import ways
from tests.stateful.world import World

CARD = "4242424242424242"
ASKS_EACH_TIME = "4000002760003184"
BRIDGE = MeteredBy.BRIDGE
OVER_THE_HOLD_S = 40 * 60
IDLE_S = 20 * 60
TERM_S = 31 * 86_400


async def reach(
    world: World, stage: str, plan: PlanName, metered_by: MeteredBy = BRIDGE
) -> Session:
    """Bring a first session to a stage and return it; its place is free."""
    opened = await ways.begin(world, stage, plan, 1, CARD, metered_by)
    assert opened is not None
    return await _worked(world, world.session(opened))


async def in_debt(world: World, behaviour: str = "generic_decline") -> Session:
    """Bring about a charge whose kept card is refused from now on."""
    session = await reach(world, "charging", PlanName.DYNAMIC)
    cards = f"customers/{session.customer_id}/cards"
    await world.provider.decree(cards, behaviour=behaviour, times=None)
    return await _on(world, session)


async def short_of_funds(world: World) -> Session:
    """Bring about a debt whose card may be tried again, and will pay then."""
    session = await in_debt(world, "insufficient_funds")
    cards = f"customers/{session.customer_id}/cards"
    await world.provider.decree(cards, behaviour="ok", times=None)
    return session


async def asked_by_bank(world: World) -> Session:
    """Bring about a debt whose bank wants its holder each time, who is about to confirm it."""
    opened = await ways.begin(world, "charging", PlanName.DYNAMIC, 1, ASKS_EACH_TIME, BRIDGE)
    assert opened is not None
    session = await _on(world, await _worked(world, world.session(opened)))
    await world.ask_to_confirm(session)
    return session


async def hold_gone(world: World) -> Session:
    """Bring about a debt because the hold was let go of by hand at Stripe."""
    session = await reach(world, "charging", PlanName.ESTIMATED)
    await world.let_go(session.payment_intent_id or "")
    return await _on(world, session)


async def at_the_checkout(world: World) -> Session:
    """Bring about a debt whose driver is about to pay."""
    session = await in_debt(world)
    await world.ask(world.bridge.desk.pay(session.id))
    return await _worked(world, session)


async def lowered_while_paying(world: World) -> Session:
    """Bring about a debt that becomes less while its driver is about to pay."""
    session = await at_the_checkout(world)
    await world.decide(session, (session.decided_minor or 0) // 2)
    return session


async def written_off(world: World) -> Session:
    """Bring about a debt that nobody paid in time."""
    session = await in_debt(world)
    await world.pass_time(TERM_S, awake=True)
    return await _worked(world, session)


async def left_but_paid(world: World) -> Session:
    """Bring about a checkout that was paid unheard of, and then left."""
    session = await reach(world, "paid", PlanName.ESTIMATED)
    await world.ask(world.bridge.desk.give_up(session.id))
    return session


async def written_off_but_paid(world: World) -> Session:
    """Bring about a debt that was forgiven when it had been paid, unheard of."""
    session = await at_the_checkout(world)
    await world.provider.pay(world.payable[0]["id"], CARD, None)
    await world.decide(session, 0)
    return session


async def held_more(world: World, **features: int) -> Session:
    """Bring about a charge whose driver agreed to a larger hold, and uses it."""
    await world.provider.decree("features", **(features or {"incremental": True}))
    session = await reach(world, "charging", PlanName.ESTIMATED)
    amount_minor = (session.secured_minor or 0) * 11 // 10
    await world.ask(world.bridge.desk.extend(session.id, amount_minor))
    await world.everybody_works()
    await world.pass_time(OVER_THE_HOLD_S, awake=True)
    return await _worked(world, session)


async def to_be_captured_over(world: World) -> Session:
    """Bring about a charge that costs more than its hold, which may be captured over."""
    return await held_more(world, overcapture_percent=20)


async def not_to_be_captured_over(world: World) -> Session:
    """Bring about the same, but what was promised will be refused."""
    return await held_more(world, overcapture_percent=20, overcaptures_refused=1)


async def not_held_more(world: World) -> Session:
    """Bring about a charge whose bank refuses the larger hold."""
    return await held_more(world, incremental=True, increments_declined=1)


async def hold_gone_while_charging(world: World) -> Session:
    """Bring about a charge whose hold was let go of by hand, and that is heard."""
    session = await reach(world, "charging", PlanName.ESTIMATED)
    await world.let_go(session.payment_intent_id or "")
    await world.ask(world.bridge.desk.look(session))
    return session


async def given_back_while_charging(world: World) -> Session:
    """Bring about a charge of which some of the prepayment was given back by hand meanwhile."""
    session = await reach(world, "charging", PlanName.FIXED)
    await world.refund_by_hand(session.payment_intent_id or "", 100)
    await world.ask(world.bridge.desk.look(session))
    return session


async def doubted(world: World) -> Session:
    """Bring about a charge whose last register is wrong."""
    session = await reach(world, "charging", PlanName.ESTIMATED)
    await world.pass_time(OVER_THE_HOLD_S // 2, awake=True)
    outlet = world.charger.outlets[session.connector_number - 1]
    world.charger.read_meter(outlet)
    if outlet.charge:
        world.charger.stop(outlet, "Local", lies=True)
    return await _worked(world, session)


async def paid_beside(world: World) -> Session:
    """Bring about a prepaid charge for which a second payment turns up."""
    session = await reach(world, "charging", PlanName.FIXED)
    await world.pay_beside(session)
    return await _worked(world, session)


async def refund_under_way(world: World) -> Session:
    """Bring about a prepaid charge whose bank takes days to take the rest back."""
    await world.provider.decree("refunds", mode="pending", times=1)
    return await reach(world, "charged", PlanName.FIXED)


async def refund_that_fails_later(world: World) -> Session:
    """Bring about a prepaid charge of which the rest will not have gone back after all."""
    await world.provider.decree("refunds", mode="fail_later", times=1)
    return await reach(world, "charged", PlanName.FIXED)


async def disputed(world: World) -> Session:
    """Bring about a charge that its cardholder disputes."""
    session = await reach(world, "charged", PlanName.FIXED)
    await world.provider.decree(f"payment_intents/{session.payment_intent_id}/dispute")
    return await _worked(world, session)


async def never_ended(world: World) -> Session:
    """Bring about a charge of which the CSMS never reported the end."""
    session = await reach(world, "secured", PlanName.ESTIMATED, MeteredBy.CSMS)
    await world.pass_time(26 * 3600, awake=True)
    return await _worked(world, session)


async def start_lost(world: World) -> Session:
    """Bring about a charge that the bridge was never told of."""
    session = await reach(world, "secured", PlanName.ESTIMATED)
    await world.charger.disconnect(world.bridge)
    world.charger.plug(world.charger.outlets[session.connector_number - 1])
    return session


async def id_never_learnt(world: World) -> Session:
    """Bring about a charge whose start was heard, but never confirmed to its charge point."""
    session = await start_repeated(world)
    world.charger.give_up_start()
    return await _worked(world, session)


async def stop_without_start(world: World) -> Session:
    """Bring about a stop whose start the charge point never managed to tell."""
    session = await start_lost(world)
    outlet = world.charger.outlets[session.connector_number - 1]
    while not world.charger.outbox[0].starts:
        world.charger.outbox.popleft()
    world.charger.give_up_start()
    world.charger.unplug(outlet)
    await world.charger.connect(world.bridge)
    return await _worked(world, session)


async def stop_forgotten(world: World, plan: PlanName, short_wh: int = 0) -> Session:
    """Bring about a charge that was read, then stopped untold, its connector free."""
    session = await reach(world, "charging", plan)
    await world.pass_time(OVER_THE_HOLD_S // 4, awake=True)
    outlet = world.charger.outlets[session.connector_number - 1]
    world.charger.read_meter(outlet)
    world.charger.stop(outlet, "Local", short_wh=short_wh, forgets=True)
    world.charger.unplug(outlet)
    return await _worked(world, session)


async def stop_never_told(world: World) -> Session:
    """Bring about a prepaid charge whose stop was forgotten, and that is about to be ended."""
    return await stop_forgotten(world, PlanName.FIXED)


async def stop_told_after_all(world: World, plan: PlanName = PlanName.ESTIMATED) -> Session:
    """Bring about a charge that was ended without its stop, which will say less than was read."""
    session = await stop_forgotten(world, plan, short_wh=300)
    await world.pass_time(IDLE_S, awake=True)
    return await _worked(world, session)


async def start_repeated(world: World) -> Session:
    """Bring about a charge whose start was heard, and is about to be told again."""
    session = await reach(world, "secured", PlanName.DYNAMIC)
    world.charger.plug(world.charger.outlets[session.connector_number - 1])
    while not world.charger.outbox[0].starts:
        await world.charger.say(world.bridge)
    await world.charger.say(world.bridge, answer_lost=True)
    return session


async def asked_back_and_given_by_hand(world: World) -> Session:
    """Bring about a refund that waits while somebody gives back by hand, and that is heard."""
    session = await reach(world, "charged", PlanName.FIXED)
    await world.refund(session, 100)
    await world.refund_by_hand(session.payment_intent_id or "", 80)
    await world.ask(world.bridge.desk.look(session))
    return session


async def start_under_way(world: World) -> Session:
    """Bring about a paid session whose charge point has heard the start; the bridge waits."""
    session = await reach(world, "paid", PlanName.DYNAMIC)
    world.charger.plug(world.charger.outlets[session.connector_number - 1])
    await world.come_back(session)
    for flight in await world.bridge.claim(Lane.CHARGER):
        await world.bridge.perform(flight)
    return session


SITUATIONS: dict[str, Callable[[World], Awaitable[Any]]] = {
    situation.__name__: situation
    for situation in (
        in_debt,
        short_of_funds,
        asked_by_bank,
        hold_gone,
        hold_gone_while_charging,
        at_the_checkout,
        left_but_paid,
        lowered_while_paying,
        written_off,
        written_off_but_paid,
        held_more,
        not_held_more,
        to_be_captured_over,
        not_to_be_captured_over,
        doubted,
        paid_beside,
        refund_under_way,
        given_back_while_charging,
        refund_that_fails_later,
        disputed,
        never_ended,
        start_lost,
        stop_without_start,
        id_never_learnt,
        stop_never_told,
        stop_told_after_all,
        start_repeated,
        asked_back_and_given_by_hand,
        start_under_way,
    )
}


async def _on(world: World, session: Session) -> Session:
    await ways.go_on(world, world.session(session.id), CARD)
    return await _worked(world, session)


async def _worked(world: World, session: Session) -> Session:
    await world.everybody_works()
    await world.check()
    return world.session(session.id)
