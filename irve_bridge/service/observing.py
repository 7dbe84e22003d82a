"""What committed work is counted as, and what it leaves in its sessions' traces."""

from collections.abc import Sequence
from dataclasses import dataclass

from irve_bridge.domain.decide import Step
from irve_bridge.domain.facts import SessionFact
from irve_bridge.domain.session import Session, State
from irve_bridge.service.ports import Movement
from irve_bridge.telemetry import tracing
from irve_bridge.telemetry.metrics import ENTERED, MOVED_MINOR, SETTLED_MINOR, from_the_start

from_the_start(ENTERED, State)


@dataclass(frozen=True, slots=True)
class Handled:
    """A fact, its session after it, and the rows it walked: none where it came too late."""

    session: Session
    fact: SessionFact
    steps: tuple[Step, ...] = ()


def observe(
    opened: Sequence[Session],
    handled: Sequence[Handled],
    moved: Sequence[Movement],
    began_ns: int,
) -> None:
    """Count what was committed, and write down who was handled in between."""
    for session in opened:
        ENTERED.labels(session.state).inc()
        tracing.opened(
            session.id, began_ns, plan=session.plan, charge_point_id=session.charge_point_id
        )
    for each in handled:
        _count(each)
        tracing.record(
            f"fact {type(each.fact).__name__}",
            each.session.id,
            began_ns,
            events=", ".join(step.event for step in each.steps),
            state=each.session.state,
        )
    for movement in moved:
        MOVED_MINOR.labels(movement.kind, movement.currency).inc(movement.amount_minor)


def _count(handled: Handled) -> None:
    for step in handled.steps:
        if step.after is step.before:
            continue
        ENTERED.labels(step.after).inc()
        if step.after is State.SETTLED:
            session = handled.session
            SETTLED_MINOR.labels(session.currency).inc(session.decided_minor or 0)
