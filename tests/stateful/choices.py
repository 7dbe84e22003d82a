"""What a rule can choose from."""

from collections.abc import Sequence
from datetime import timedelta
from typing import TypeVar

from irve_bridge.domain.session import MeteredBy, Session, State
from tests.stateful.charger import Outlet
from tests.stateful.world import World

T = TypeVar("T")
CHECKOUT_LIVES_MOST = timedelta(hours=24)
"""Source: https://docs.stripe.com/api/checkout/sessions/create."""


def pick(things: Sequence[T], which: int) -> T:
    """Return one of several things, the first for 0."""
    return things[which % len(things)]


def name(world: World, session: Session) -> str:
    """Return what a story calls a session."""
    ids = [each.id for each in world.sessions()]
    return f"#{ids.index(session.id) + 1}"


def paid(world: World) -> list[str]:
    """Return the payments that took something."""
    return [p["id"] for r in world.records for p in r.payments if p["charged_minor"]]


def paid_for(world: World) -> list[Session]:
    """Return the sessions of which a checkout that nobody remembers may still be open."""
    latest = world.clock.now() - CHECKOUT_LIVES_MOST
    return [
        session
        for session in world.sessions()
        if session.secured_at is not None and (session.ended_at or world.clock.now()) > latest
    ]


def held(world: World) -> list[str]:
    """Return the payments that hold something."""
    return [p["id"] for r in world.records for p in r.payments if p["held_minor"]]


def disputed(world: World) -> bool:
    """Return whether anything was disputed."""
    return any(payment["disputed_minor"] for r in world.records for payment in r.payments)


def customers(world: World) -> list[str]:
    """Return the sessions' customers at Stripe."""
    return [session.customer_id for session in world.sessions() if session.customer_id]


def metered_by_csms(world: World) -> list[Session]:
    """Return the charges that the CSMS ends."""
    return [s for s in world.sessions(State.CHARGING) if s.metered_by is MeteredBy.CSMS]


def charging(world: World) -> list[Outlet]:
    """Return the connectors that charge."""
    return [outlet for outlet in world.charger.outlets if outlet.charge]


def restartable(world: World) -> list[Outlet]:
    """Return the connectors where an earlier tag could start again."""
    free = [outlet for outlet in world.charger.outlets if outlet.plugged and not outlet.charge]
    return free if world.charger.charges else []
