"""One connection to NATS at a time, made anew whenever it breaks, for as long as that takes.

The library can connect anew by itself, but then it sends what was asked for meanwhile, however
late, gives up after some of the server's errors, and knows nothing of what must be said again.
"""

import asyncio
import itertools
import random
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

import structlog
from nats import errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from irve_bridge.bus.subjects import PREFIX
from irve_bridge.telemetry.metrics import BUS_UP

CONNECT_TIMEOUT_S = 3
RETRY_S = 1.0
"""Between attempts, give or take a half, so that nodes do not all come at once."""
PING_EVERY_S = 3
PINGS_UNANSWERED_MOST = 2
"""So a dead connection is known for dead before the library gives up a flush, after 10 s: a pong to
one that was given up would end its reading. For the same reason no flush is cancelled here."""
TELL_EVERY_S = 0.01
NEWS_MAX = 4096
LOOK_EVERY_S = 1
GOODBYE_S = 2
BACKLOG_BYTES_MAX = 2 * 1024 * 1024
"""What may wait to be written: no news joins it beyond this, since the library would block."""
NOBODY = f"{PREFIX}.nobody"
"""Where nobody listens: that it was delivered to none shows that all before was taken."""

REFUSED = "Refused"
"""The header of an answer that is none, and what it says: it was not performed, or nobody knows."""
OFFLINE, UNANSWERED = "offline", "unanswered"

Heard = Callable[[Msg], Awaitable[None]]
log = structlog.get_logger()


class Away(Exception):
    """NATS cannot be reached: nothing was sent."""


class Broken(Exception):
    """It was sent, but nobody knows what became of it."""


class Silent(Broken):
    """Nobody answered in time."""


class Deserted(Exception):
    """Nobody listens there: nothing was delivered."""


class TooLarge(Exception):
    """The server takes no message of this size."""


@dataclass(eq=False, slots=True)
class Hearing:
    """A subject that is listened to, over whatever connection there is."""

    subject: str
    queue: str
    heard: Heard
    client: Client | None = None
    subscription: Subscription | None = None


class Link:
    """Speaks to one of several NATS servers, and says what it listens to after each break."""

    def __init__(self, servers: str, restored: Callable[[], Awaitable[None]]) -> None:
        urls = servers.split(",")
        random.shuffle(urls)
        self._servers = itertools.cycle(url.strip() for url in urls)
        self._restored = restored
        self._client: Client | None = None
        self._ended = False
        self._complaint = ""
        self._lost = asyncio.Event()
        self._hearings: set[Hearing] = set()
        self._asking: set[asyncio.Task[Msg]] = set()
        self._news: deque[tuple[str, bytes]] = deque(maxlen=NEWS_MAX)
        self._telling: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Wait until it is there, then keep it up while the context is open."""
        keeping = None
        try:
            await self._connect()
            keeping = asyncio.create_task(self._keep())
            yield
        finally:
            self._ended = True
            if keeping is not None:
                keeping.cancel()
                await asyncio.wait({keeping})
            if self._telling is not None:
                await asyncio.wait({self._telling})
            if self._client is not None:
                with suppress(TimeoutError):
                    async with asyncio.timeout(GOODBYE_S):
                        await self._client.close()

    async def hear(self, hearing: Hearing) -> None:
        """Listen from now on, or from when NATS is back."""
        self._hearings.add(hearing)
        client = self._client
        if client is None or hearing.client is client:
            return
        hearing.client, hearing.subscription = client, None
        with suppress(errors.Error, OSError):
            subscription = await client.subscribe(hearing.subject, hearing.queue, hearing.heard)
            if hearing in self._hearings:
                hearing.subscription = subscription
            else:
                await subscription.unsubscribe()

    async def settle(self, timeout_s: float) -> None:
        """Return once NATS has taken what was said to it, or does not seem to."""
        with suppress(Away, Broken, Deserted):
            await self.ask(NOBODY, b"", {}, timeout_s)

    async def stop(self, hearing: Hearing, timeout_s: float) -> None:
        """Listen no more, and return once what was delivered before is heard."""
        self._hearings.discard(hearing)
        if hearing.subscription is not None and hearing.client is self._client:
            draining = asyncio.create_task(_drain(hearing.subscription))
            await asyncio.wait({draining}, timeout=timeout_s)

    async def ask(
        self, subject: str, message: bytes, headers: Mapping[str, str], timeout_s: float
    ) -> Msg:
        """Return what the one that listens there answers.

        Raises:
            Away: NATS cannot be reached.
            Deserted: Nobody listens there.
            Silent: It did not answer in time.
            Broken: The connection broke meanwhile.
        """
        client = self._client
        if client is None or not client.is_connected:
            raise Away
        asking = asyncio.create_task(
            client.request(subject, message, timeout_s, headers=dict(headers))
        )
        self._asking.add(asking)
        try:
            await asyncio.wait({asking})
            if asking.cancelled():
                raise Broken
            return asking.result()
        except errors.NoRespondersError as error:
            raise Deserted from error
        except errors.TimeoutError as error:
            raise Silent from error
        except (errors.Error, OSError) as error:
            raise Broken from error
        finally:
            self._asking.discard(asking)
            asking.cancel()

    async def answer(self, asked: Msg, message: bytes, headers: Mapping[str, str]) -> None:
        """Answer over the connection that is there; without one the answer is lost.

        Raises:
            TooLarge: Nothing was sent.
        """
        client = self._client
        if client is None:
            return
        if len(message) > client.max_payload:
            raise TooLarge
        with suppress(errors.Error, OSError):
            await client.publish(asked.reply, message, headers=dict(headers) or None)

    def tell(self, subject: str, message: bytes) -> None:
        """Tell whoever listens, in a moment and with what else there is by then; costs nothing now.

        The oldest is lost where NATS does not keep up.
        """
        if self._client is None:
            return
        self._news.append((subject, message))
        if self._telling is None:
            self._telling = asyncio.create_task(self._tell())

    async def _tell(self) -> None:
        await asyncio.sleep(TELL_EVERY_S)
        self._telling = None
        client = self._client
        with suppress(errors.Error, OSError):
            while self._news and client and client.pending_data_size < BACKLOG_BYTES_MAX:
                subject, message = self._news.popleft()
                await client.publish(subject, message)

    async def _keep(self) -> None:
        while True:
            await self._wait_for_its_end()
            log.warning("nats_away", reached="charge points of this node only")
            self._client = None
            for asking in self._asking:
                asking.cancel()
            await self._connect()

    async def _wait_for_its_end(self) -> None:
        """Return once the connection is lost: it says so, unless it hangs in saying goodbye."""
        while self._client is not None and not self._client.is_closed:
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._lost.wait()

    async def _connect(self) -> None:
        """Return once one of the servers is connected and knows what is listened to."""
        BUS_UP.set(0)
        for url in self._servers:
            attempt = asyncio.create_task(self._attempt(url))
            try:
                # The library may swallow that it is cancelled; this wait does not.
                await asyncio.wait({attempt})
            finally:
                attempt.cancel()
            if self._client is not None:
                break
            await asyncio.sleep(random.uniform(RETRY_S / 2, RETRY_S * 3 / 2))  # noqa: S311 - no secret
        for hearing in tuple(self._hearings):
            await self.hear(hearing)
        await self._restored()

    async def _attempt(self, url: str) -> None:
        """Connect, or log why not."""
        lost, problems = asyncio.Event(), list[Exception]()

        async def closed() -> None:
            lost.set()

        async def failed(error: Exception) -> None:
            problems.append(error)
            if client.is_connected:
                log.warning("nats_failed", server=_shown(url), error=_words(error))

        client = _Client(tls=urlsplit(url).scheme == "tls")
        try:
            await client.connect(**_where(url), error_cb=failed, closed_cb=closed, **_OPTIONS)
        except (errors.Error, OSError) as error:
            self._complain(url, problems[0] if problems else error)
        finally:
            if not client.is_connected or self._ended:
                await client.close()
        if client.is_connected:
            log.info("nats_connected", server=_shown(url))
            self._client, self._lost, self._complaint = client, lost, ""
            BUS_UP.set(1)

    def _complain(self, url: str, error: Exception) -> None:
        """Say once what is waited for, and again when it is something else."""
        complaint = f"{_shown(url)}: {_words(error)}"
        if complaint != self._complaint:
            self._complaint = complaint
            log.warning(
                "waiting_for_nats", error=complaint, check="NATS_URL, and that its server runs"
            )


async def _drain(subscription: Subscription) -> None:
    with suppress(errors.Error, OSError):
        await subscription.drain()  # type: ignore[no-untyped-call]  # the library's


class _Client(Client):
    """Never speaks in clear where TLS is wanted, and drops no request without a word.

    The library speaks in clear when the server asks for no TLS, and drops what is delivered after a
    subscription has ended, as happens: its asker would wait in vain for what nobody performs.
    """

    def __init__(self, *, tls: bool) -> None:
        super().__init__()
        self._wants_tls = tls

    async def _process_info(self, info: dict[str, Any], initial_connection: bool = False) -> None:  # noqa: FBT001, FBT002 - the library's
        if self._wants_tls and initial_connection and not info.get("tls_required"):
            raise errors.Error("the server offers no TLS, and NATS_URL begins with tls://")
        await super()._process_info(info, initial_connection)

    async def _process_msg(
        self, sid: int, subject: bytes, reply: bytes, data: bytes, headers: bytes
    ) -> None:
        if reply and sid not in self._subs:
            await self.publish(reply.decode(), headers={REFUSED: OFFLINE})
        else:
            await super()._process_msg(sid, subject, reply, data, headers)


_OPTIONS: dict[str, Any] = {
    "name": "irve_bridge",
    "no_echo": True,
    "allow_reconnect": False,
    "connect_timeout": CONNECT_TIMEOUT_S,
    "pending_size": 8 * BACKLOG_BYTES_MAX,
    # Of the one server that an attempt is about; less is no bound to the library.
    "max_reconnect_attempts": 1,
    "reconnect_time_wait": 0,
    "ping_interval": PING_EVERY_S,
    "max_outstanding_pings": PINGS_UNANSWERED_MOST,
}


def _where(url: str) -> dict[str, Any]:
    """Return a server and who we are there: nats://user:password@host, or nats://token@host."""
    parts = urlsplit(url)
    server = f"{parts.scheme}://{_shown(url)}"
    if parts.username is None:
        return {"servers": server}
    name = unquote(parts.username)
    if parts.password is None:
        return {"servers": server, "token": name}
    return {"servers": server, "user": name, "password": unquote(parts.password)}


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__


def _shown(url: str) -> str:
    """Return host and port, without the secrets."""
    return urlsplit(url).netloc.rpartition("@")[2]
