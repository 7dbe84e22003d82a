"""Who watches a session: one look at it, and one writing in each language, for all who do.

A reading moves figures that are in memory, so that the storage is asked only where more may have
changed, and once in a while in case that was not told.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import msgspec
import structlog
from aiohttp import web

from irve_bridge.domain.curve import Curve, Point, gone_on
from irve_bridge.i18n import Language
from irve_bridge.service.handle import topic
from irve_bridge.service.meters import READING
from irve_bridge.service.ports import Bus
from irve_bridge.service.views import SessionView, Views
from irve_bridge.web.drawing import drawn
from irve_bridge.web.present import Presenter

LIVE_INTERVAL_S = 10
"""How often time itself moves the figures where no reading does."""
LOOK_INTERVAL_S = 60
log = structlog.get_logger()


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """A session at one moment; `redrawn` says that its curve is not what it was before."""

    view: SessionView
    curve: Curve
    redrawn: bool = True
    _written: dict[str, str] = field(default_factory=dict)

    def figures(self, language: Language) -> str:
        """Return the live figures as JSON, raw and as they stand on the page; "" for none."""
        if self.view.live is None:
            return ""
        if language.code not in self._written:
            told = msgspec.to_builtins(self.view.live)
            told["text"] = Presenter(language).live(self.view.live)
            if self.redrawn:
                time_zone = self.view.charge_point.time_zone if self.view.charge_point else "UTC"
                told["curve"] = drawn(self.curve, language, time_zone)
            self._written[language.code] = msgspec.json.encode(told).decode()
        return self._written[language.code]


class Watch:
    """One session, looked at as long as somebody watches it."""

    def __init__(self, session_id: str, views: Views, bus: Bus) -> None:
        self.watchers = 0
        self._session_id = session_id
        self._views = views
        self._bus = bus
        self._look: Look | None = None
        self._changed = asyncio.Event()
        self._task = asyncio.create_task(self._follow())
        self._task.add_done_callback(self._ended)

    @property
    def over(self) -> bool:
        """Whether it looks no more."""
        return self._task.done()

    async def next(self, seen: Look | None) -> Look | None:
        """Return the next look after one that was seen, None where there will be none."""
        while self._look is seen and not self.over:
            await self._changed.wait()
        return None if self.over else self._look

    def end(self) -> None:
        """Look no more, and tell who watches."""
        self._task.cancel()

    async def _follow(self) -> None:
        async with self._bus.subscribe(topic(self._session_id)) as updates:
            look, looked_s = await self._anew(None)
            while True:
                self._show(look)
                message = await updates.next(LIVE_INTERVAL_S)
                now_s = asyncio.get_running_loop().time()
                on = None
                if message in (READING, None) and now_s < looked_s + LOOK_INTERVAL_S:
                    on = self._views.refreshed(look.view)
                if on is None:
                    look, looked_s = await self._anew(look)
                else:
                    read = message is not None
                    look = Look(on, _with(look.curve, on) if read else look.curve, redrawn=read)

    async def _anew(self, before: Look | None) -> tuple[Look, float]:
        """Return what the storage knows, and when it was asked."""
        view = await self._views.by_id(self._session_id)
        curve = before.curve if before else ()
        if view.live is not None:
            curve = _with(curve or await self._views.curve(view), view)
        return Look(view, curve), asyncio.get_running_loop().time()

    def _show(self, look: Look | None) -> None:
        self._look = look
        self._changed.set()
        self._changed = asyncio.Event()

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()):
            log.warning("watch_ended", session_id=self._session_id, exc_info=error)
        self._show(None)


class Watches:
    """The sessions that are watched here."""

    def __init__(self, views: Views, bus: Bus) -> None:
        self._views = views
        self._bus = bus
        self._watches: dict[str, Watch] = {}

    @asynccontextmanager
    async def watch(self, session_id: str) -> AsyncIterator[Watch]:
        """Watch a session while the context is open."""
        watch = self._watches.get(session_id)
        if watch is None or watch.over:
            watch = self._watches[session_id] = Watch(session_id, self._views, self._bus)
        watch.watchers += 1
        try:
            yield watch
        finally:
            watch.watchers -= 1
            if not watch.watchers:
                watch.end()
                if self._watches.get(session_id) is watch:
                    del self._watches[session_id]

    def end(self) -> None:
        """End every watch, so that a shutdown waits for none of them."""
        for watch in self._watches.values():
            watch.end()


WATCHES = web.AppKey("watches", Watches)


def _with(curve: Curve, view: SessionView) -> Curve:
    return gone_on(curve, Point(view.live.at, view.live.power_w)) if view.live else curve
