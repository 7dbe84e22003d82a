"""Debts that change while they are being paid, told step by step."""

from irve_bridge.domain.intents import Lane
from irve_bridge.domain.session import State
from tests.stateful import situations
from tests.stateful.provider import Fault
from tests.stateful.world import World

CARD = "4242424242424242"
A_CHECKOUT_S = 34 * 60
A_DAY_S = 86_400


async def test_what_was_paid_before_the_debt_was_lowered_goes_back(world: World) -> None:
    """However often Stripe tells of the payment before the refund is made."""
    session = await situations.at_the_checkout(world)
    await world.check()
    assert await world.provider.pay(world.payable[0]["id"], CARD, None) == "complete"
    await world.decide(session, 60)
    await world.check()
    for event in [each for each in world.mail if each["type"].startswith("payment_intent")]:
        await world.deliver(event)
        await world.work_through(Lane.EYES)
    assert world.session(session.id).state is not State.REVIEW
    await world.drain()
    assert (world.session(session.id).state, world.record(session.id).kept_minor) == (
        State.SETTLED,
        60,
    )


async def test_a_retry_that_took_the_old_amount_gives_the_difference_back(world: World) -> None:
    """The debt is lowered between the bank's yes and the moment when it is stored."""
    session = await situations.short_of_funds(world)
    await world.pass_time(A_DAY_S + 1, awake=False)
    await world.bridge.sweep.once(world.bridge.meters)
    (retry,) = await world.bridge.claim(Lane.MONEY)
    await world.bridge.perform(retry)
    await world.decide(session, 60)
    await world.bridge.conclude(retry)
    await world.check()
    for event in [each for each in world.mail if each["type"] == "payment_intent.succeeded"]:
        await world.deliver(event)
        await world.work_through(Lane.EYES)
    assert world.session(session.id).state is not State.REVIEW
    await world.drain()
    assert (world.session(session.id).state, world.record(session.id).kept_minor) == (
        State.SETTLED,
        60,
    )


async def test_a_checkout_asks_for_what_is_due_when_it_opens(world: World) -> None:
    """It waited behind the slow end of an earlier one while the debt was lowered."""
    session = await situations.at_the_checkout(world)
    await world.pass_time(A_CHECKOUT_S, awake=False)
    await world.bridge.sweep.once(world.bridge.meters)
    await world.provider.strike(Fault.ERROR, "*")
    await world.work_through(Lane.MONEY)
    await world.provider.strike(Fault.NONE, "*")
    await world.ask(world.bridge.desk.pay(session.id))
    await world.decide(session, 60)
    await world.pass_time(60, awake=True)
    await world.check()
    assert [checkout["amount_total"] for checkout in world.payable] == [60]


async def test_a_checkout_found_only_after_it_expired_does_not_end_all_paying(
    world: World,
) -> None:
    """Its answer was lost and the bridge was away: the driver can still pay, and the term ends."""
    session = await situations.in_debt(world)
    await world.ask(world.bridge.desk.pay(session.id))
    await world.work_through(Lane.MONEY)
    await world.provider.strike(Fault.DROPPED_AFTER, "POST")
    await world.work_through(Lane.MONEY)
    await world.provider.strike(Fault.NONE, "*")
    await world.crash(back_at_once=True)
    await world.pass_time(A_CHECKOUT_S, awake=False)
    await world.everybody_works()
    await world.ask(world.bridge.desk.pay(session.id))
    await world.everybody_works()
    await world.check()
    assert [checkout["amount_total"] for checkout in world.payable] == [session.decided_minor]


async def test_a_browser_that_confirms_long_after_pays_once(world: World) -> None:
    """The debt is paid at a checkout meanwhile: what it was given confirms nothing any more."""
    session = await situations.asked_by_bank(world)
    (given,) = world.confirmations
    await world.provider.confirm(given.client_secret, given.payment_method_id)
    await world.ask(world.bridge.desk.pay(session.id))
    await world.work_through(Lane.MONEY)
    await world.work_through(Lane.MONEY)
    await world.check()
    await world.provider.answer_bank(given.client_secret, "approve")
    assert await world.provider.pay(world.payable[0]["id"], CARD, None) == "complete"
    told = await world.provider.confirm(given.client_secret, given.payment_method_id)
    assert told == "refused: payment_intent_unexpected_state"
    await world.drain()
    assert world.session(session.id).state is State.SETTLED
    assert world.record(session.id).kept_minor == session.decided_minor


async def test_what_a_browser_confirmed_unheard_of_is_found_before_a_checkout_opens(
    world: World,
) -> None:
    """No webhook came, and the driver did not come back: the debt is paid, and not again."""
    session = await situations.asked_by_bank(world)
    (given,) = world.confirmations
    await world.provider.confirm(given.client_secret, given.payment_method_id)
    await world.provider.answer_bank(given.client_secret, "approve")
    world.mail.clear()
    await world.ask(world.bridge.desk.pay(session.id))
    await world.work_through(Lane.MONEY)
    await world.check()
    assert world.payable == []
    assert world.session(session.id).state is State.SETTLED
    await world.drain()
    assert world.record(session.id).kept_minor == session.decided_minor
