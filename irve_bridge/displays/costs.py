"""Prices and costs on the charge points' own displays, where they have one.

Nobody waits for a display: what is to be shown is noted when a session has moved, sent by workers
of its own, and lost where a charge point is offline or slow. A message that a newer one makes
pointless is not sent at all.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from functools import partial

import structlog

from irve_bridge.displays import messages
from irve_bridge.displays.outbox import Outbox
from irve_bridge.domain.rules import Use
from irve_bridge.domain.session import MeteredBy, Session, State
from irve_bridge.i18n import language
from irve_bridge.service.commands import Call
from irve_bridge.service.configuration import cost_decimals, shows_costs
from irve_bridge.service.handle import Work
from irve_bridge.service.meters import Meters
from irve_bridge.service.ports import Clock, Storage, Tx
from irve_bridge.service.running import Figures

NEWS_MOST = 1000
LOOK_EVERY = timedelta(seconds=10)
"""How soon a new price is shown."""

log = structlog.get_logger()


class Phase(StrEnum):
    """What a display shows of a session."""

    PRICE = "price"
    RUNNING = "running"
    FINAL = "final"


def phase_of(session: Session) -> Phase | None:
    """Return what a session's display shows now; None for nothing new."""
    if session.metered_by is not MeteredBy.BRIDGE:
        return None
    match session.state:
        case State.SECURED:
            return Phase.PRICE
        case State.CHARGING | State.STOPPING if session.transaction_id:
            return Phase.RUNNING
        case State.OPEN | State.REVIEW | State.ABANDONED:
            return None
    return Phase.FINAL if session.transaction_id else None


@dataclass(frozen=True, slots=True)
class Display:
    """A display that shows costs, and with how many decimals it takes prices, if it says so."""

    decimals: int | None


@dataclass(slots=True)
class Showing:
    """A running charge on a display, and what it was told last."""

    session: Session
    display: Display
    told_at: datetime | None = None
    told: tuple[int, int, bool] | None = None
    prices: Mapping[Use, Fraction] | None = None

    def is_news(self, figures: Figures, every: timedelta) -> bool:
        """Return whether to tell these: another price at once, other figures after a while."""
        if self.told_at is None or figures.prices != self.prices:
            return True
        return figures.live.at >= self.told_at + every and _shown(figures) != self.told

    def tell(self, figures: Figures) -> None:
        """Take figures as told."""
        self.told_at, self.told, self.prices = figures.live.at, _shown(figures), figures.prices


def _shown(figures: Figures) -> tuple[int, int, bool]:
    return figures.live.cost_minor, figures.register_wh, figures.live.paused


class CostDisplays:
    """Tells displays the price once it is paid for, the cost as it runs, and the total."""

    def __init__(
        self,
        storage: Storage,
        clock: Clock,
        meters: Meters,
        outbox: Outbox,
        every: timedelta,
    ) -> None:
        self._storage = storage
        self._clock = clock
        self._meters = meters
        self._outbox = outbox
        self._every = every
        self._phases: dict[str, Phase] = {}
        self._showing: dict[str, Showing] = {}
        self._news: asyncio.Queue[tuple[Phase, Session]] = asyncio.Queue(NEWS_MOST)

    def heard(self, work: Work) -> None:
        """Note what committed work changed, for the worker; never waits."""
        for session in work.changed:
            phase, before = phase_of(session), self._phases.get(session.id)
            if phase is before or session.state is State.REVIEW:
                continue
            if phase in (None, Phase.FINAL):
                self._phases.pop(session.id, None)
            else:
                self._phases[session.id] = phase
            if phase and (phase is not Phase.FINAL or before is Phase.RUNNING):
                self._note(phase, session)

    def taken(self, session: Session) -> None:
        """Note a charge that ran before this process did, or at another node; never waits."""
        if phase_of(session) is Phase.RUNNING:
            self._phases[session.id] = Phase.RUNNING
            self._note(Phase.RUNNING, session)

    def _note(self, phase: Phase, session: Session) -> None:
        try:
            self._news.put_nowait((phase, session))
        except asyncio.QueueFull:
            log.warning("display_left_behind", session_id=session.id)

    async def run(self) -> None:
        """Show what is to be shown until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow())
            tasks.create_task(self._look())

    async def _follow(self) -> None:
        while True:
            phase, session = await self._news.get()
            display = await self._storage.read(partial(display_of, of=session.charge_point_id))
            if display is not None:
                self._show(phase, session, display)

    def _show(self, phase: Phase, session: Session, display: Display) -> None:
        words = language(session.locale)
        match phase:
            case Phase.PRICE:
                self._send(session, messages.user_price(session, words))
            case Phase.RUNNING:
                self._showing[session.id] = Showing(session, display)
                self._tell_running(self._showing[session.id])
            case Phase.FINAL:
                self._showing.pop(session.id, None)
                self._send(session, messages.final_cost(session, words))

    async def _look(self) -> None:
        """Tell running costs anew; readings themselves are never waited upon."""
        while True:
            await self._clock.sleep(min(self._every, LOOK_EVERY))
            for showing in list(self._showing.values()):
                self._tell_running(showing)

    def _tell_running(self, showing: Showing) -> None:
        figures = self._meters.figures(showing.session, self._clock.now())
        if figures is None:
            self._showing.pop(showing.session.id, None)
        elif showing.is_news(figures, self._every):
            showing.tell(figures)
            cost = messages.running_cost(showing.session, figures, showing.display.decimals)
            self._send(showing.session, cost)

    def _send(self, session: Session, message: Call) -> None:
        self._outbox.put(session.charge_point_id, session.id, message)


def display_of(tx: Tx, of: str) -> Display | None:
    """Return a charge point's display; None where it shows no costs."""
    return Display(cost_decimals(tx, of)) if shows_costs(tx, of) else None
