"""How a session goes on when nothing stands in its way: the natural next step of each state."""

from typing import Any

from irve_bridge.domain.debts import may_authenticate
from irve_bridge.domain.session import MeteredBy, PlanName, Session, State
from tests.stateful.world import World

CHOICES: dict[PlanName, dict[str, Any]] = {
    PlanName.FIXED: {"amount_minor": 1000},
    PlanName.ESTIMATED: {"energy_wh": 10_000},
    PlanName.DYNAMIC: {},
}
TEN_MINUTES_S = 600
STAGES = ("opened", "paid", "secured", "charging", "charged", "ended")


async def begin(
    world: World, stage: str, plan: PlanName, connector: int, card: str, metered_by: MeteredBy
) -> str | None:
    """Bring a new session to a stage and return its id; None where the place was taken.

    It may stop earlier, as with a card that is refused.
    """
    before = {session.id for session in world.sessions()}
    await world.open(plan, connector, metered_by=metered_by, **CHOICES[plan])
    await world.everybody_works()
    await world.check()
    opened = next((each.id for each in world.sessions() if each.id not in before), None)
    if opened is None:
        return None
    steps = STAGES.index(stage)
    if steps >= 1:
        await _pay(world, world.session(opened), card)
    for _ in range(steps - 1):
        await world.check()
        await go_on(world, world.session(opened), card)
    return opened


async def go_on(world: World, session: Session, card: str) -> None:
    """Do what comes next for a session; the caller looked at the world just before."""
    match session.state:
        case State.OPEN:
            await _pay(world, session, card)
            await world.come_back(session)
        case State.SECURED:
            _start(world, session)
        case State.CHARGING if session.metered_by is MeteredBy.CSMS:
            await world.report_end(session, 700)
        case State.CHARGING | State.STOPPING:
            await _stop(world, session)
        case State.DUE if may_authenticate(session):
            await _confirm(world, session)
        case State.DUE:
            await world.ask(world.bridge.desk.pay(session.id))
            await _pay(world, session, card)
        case State.REVIEW:
            await world.decide(session, (session.paid_minor or session.secured_minor or 0) // 2)
        case State.SETTLED:
            await world.refund(session, (session.decided_minor or 0) // 2)
    await world.everybody_works()


async def _confirm(world: World, session: Session) -> None:
    """The bank asks its holder, is convinced, and the page then looks what came of it."""
    given = len(world.confirmations)
    await world.ask_to_confirm(session)
    for found in world.confirmations[given:]:
        await world.provider.confirm(found.client_secret, found.payment_method_id)
        await world.provider.answer_bank(found.client_secret, "approve")
    await world.come_back(session)


async def _pay(world: World, session: Session, card: str) -> None:
    for checkout in world.payable:
        if checkout["metadata"].get("session_id") == session.id:
            await world.provider.pay(checkout["id"], card, "approve")
            return


def _start(world: World, session: Session) -> None:
    """The cable goes in, out and in again where it was in too early."""
    charger, outlet = world.charger, world.charger.outlets[session.connector_number - 1]
    if outlet.plugged:
        charger.unplug(outlet)
    charger.plug(outlet)


async def _stop(world: World, session: Session) -> None:
    charger, outlet = world.charger, world.charger.outlets[session.connector_number - 1]
    await world.pass_time(TEN_MINUTES_S, awake=True)
    if outlet.charge:
        charger.read_meter(outlet)
        charger.stop(outlet, "Local")
    elif outlet.plugged:
        charger.unplug(outlet)
