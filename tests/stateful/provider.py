"""The simulated Stripe on a real socket, its faults, and what arrives there late."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from aiohttp import ClientError, ClientSession, web

from simulators.clock import ManualClock
from simulators.stripe.app import create_app

KEY = "sk_test_stateful"
BROWSER_KEY = "pk_test_stateful"
PAGE = 100


class Fault(StrEnum):
    """What befalls the next request of the bridge."""

    NONE = "none"
    RATE_LIMIT = "429"
    LOCKED = "409"
    ERROR = "500"
    ERROR_AFTER = "500 after the effect"
    DROPPED = "dropped before the effect"
    DROPPED_AFTER = "dropped after the effect"
    LATE = "times out and takes effect later"


_SIMULATED: dict[Fault, tuple[str, int | None]] = {
    Fault.RATE_LIMIT: ("before", 429),
    Fault.LOCKED: ("before", 409),
    Fault.ERROR: ("before", 500),
    Fault.ERROR_AFTER: ("after", 500),
    Fault.DROPPED: ("before", None),
    Fault.DROPPED_AFTER: ("after", None),
}


@dataclass(frozen=True, slots=True)
class Request:
    """One request on its way for longer than its sender waits."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


def payment_of(client_secret: str) -> str:
    """Return the payment that a client secret is of."""
    return client_secret.partition("_secret_")[0]


class Provider:
    """Where the money is. Its own records are the truth that the bridge is judged by."""

    def __init__(self, runner: web.AppRunner, http: ClientSession, url: str) -> None:
        self.url = url
        self.late: list[Request] = []
        self._delays_next = False
        self._last_event = ""
        self._runner = runner
        self._http = http

    @classmethod
    async def start(cls, clock: ManualClock) -> "Provider":
        """Serve with nothing in the books."""
        app = create_app(clock=clock)
        made: list[Provider] = []

        @web.middleware
        async def around(
            request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
        ) -> web.StreamResponse:
            return await made[0].pass_on(request, handler)

        app.middlewares.insert(0, around)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        made.append(cls(runner, ClientSession(url), url))
        return made[0]

    async def pass_on(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Let a request in, or keep it on its way and drop its connection."""
        effectful = request.method == "POST" and request.path.startswith("/v1/")
        if not self._delays_next or not effectful or request.transport is None:
            return await handler(request)
        self._delays_next = False
        body = await request.read()
        self.late.append(Request("POST", request.path_qs, dict(request.headers), body))
        request.transport.abort()
        return web.Response()

    async def stop(self) -> None:
        """Close everything."""
        await self._http.close()
        await self._runner.cleanup()

    async def strike(self, fault: Fault, method: str) -> None:
        """Let a fault befall the next request of this method, `*` for any; NONE takes it back."""
        self._delays_next = fault is Fault.LATE
        listed = []
        if fault in _SIMULATED:
            effect, status = _SIMULATED[fault]
            listed = [{"method": method, "path": "/v1/*", "effect": effect, "status": status}]
        await self._control("faults", listed)

    async def arrive(self) -> list[str]:
        """Let what is on its way take effect now; return what it was."""
        arriving, self.late = self.late, []
        for request in arriving:
            headers = {n: v for n, v in request.headers.items() if n not in _OF_CONNECTION}
            async with self._http.request(
                request.method, request.path, headers=headers, data=request.body
            ) as answer:
                await answer.read()
        return [f"{request.method} {request.path}" for request in arriving]

    async def pay(self, checkout_id: str, card: str, authenticate: str | None) -> str:
        """Pay at a checkout; return what the driver sees."""
        body = {"card": card, "authenticate": authenticate}
        async with self._http.post(f"/_sim/checkout/{checkout_id}/pay", json=body) as answer:
            seen = await answer.json()
        return str(seen["outcome"]) if answer.ok else f"refused: {seen['error']['message']}"

    async def confirm(self, client_secret: str, payment_method_id: str) -> str:
        """Confirm a payment from its driver's browser; return how it stands, or why it was not.

        What befalls a request of the bridge may befall this one.
        """
        form = {
            "key": BROWSER_KEY,
            "client_secret": client_secret,
            "payment_method": payment_method_id,
        }
        path = f"/v1/payment_intents/{payment_of(client_secret)}/confirm"
        try:
            async with self._http.post(path, data=form) as answer:
                told = await answer.json()
        except ClientError:
            return "no answer"
        return str(told["status"]) if answer.ok else f"refused: {told['error'].get('code')}"

    async def answer_bank(self, client_secret: str, outcome: str) -> None:
        """Answer the bank that asks about a payment, if it does."""
        path = f"/authenticate/{payment_of(client_secret)}"
        async with self._http.post(path, data={"outcome": outcome}) as answer:
            await answer.read()

    async def ledger(self) -> list[dict[str, Any]]:
        """Return what every card lived through, one line per PaymentIntent, up to now."""
        async with self._http.get("/_sim/ledger") as answer:
            lines: list[dict[str, Any]] = await answer.json()
            return lines

    async def is_deleted(self, customer: str) -> bool:
        """Return whether a customer is known no more."""
        headers = {"Authorization": f"Bearer {KEY}"}
        async with self._http.get(f"/v1/customers/{customer}", headers=headers) as answer:
            return bool((await answer.json()).get("deleted"))

    async def open_checkouts(self) -> list[dict[str, Any]]:
        """Return the checkouts that can be paid now, oldest first."""
        found = await self._listed("checkout/sessions")
        return [each for each in found if each["status"] == "open"][::-1]

    async def pending_refunds(self) -> list[dict[str, Any]]:
        """Return the refunds that a bank has still to take, oldest first."""
        return [each for each in await self.refunds() if each["status"] == "pending"]

    async def refunds(self) -> list[dict[str, Any]]:
        """Return every refund, oldest first."""
        return (await self._listed("refunds"))[::-1]

    async def kept_from_refunds(self) -> frozenset[str]:
        """Return the payments of which a refund failed, or could not be made for a dispute."""
        made, disputes = await self.refunds(), await self.disputes()
        failed = [each for each in made if each["status"] in ("failed", "canceled")]
        return frozenset(each["payment_intent"] for each in [*failed, *disputes])

    async def refund(self, payment_id: str, amount_minor: int) -> bool:
        """Give back without the bridge; return whether that was possible."""
        form = {"payment_intent": payment_id, "amount": str(amount_minor)}
        return await self._by_hand("refunds", form) is not None

    async def cancel(self, payment_id: str) -> bool:
        """Let go of a hold without the bridge; return whether that was possible."""
        return await self._by_hand(f"payment_intents/{payment_id}/cancel", {}) is not None

    async def pay_beside(self, customer: str, session_id: str, form: dict[str, str]) -> str | None:
        """Take or hold an amount for a session without the bridge; return the payment's id."""
        named = {"customer": customer, "metadata[session_id]": session_id}
        card = {"payment_method": "pm_card_visa", "allowed_payment_method_types[]": "card"}
        paid = await self._by_hand("payment_intents", named | card | form | {"confirm": "true"})
        return paid and str(paid["id"])

    async def _by_hand(self, path: str, form: dict[str, str]) -> dict[str, Any] | None:
        """Return what a request came to that is none of the bridge's; None if it was refused."""
        headers = {"Authorization": f"Bearer {KEY}"}
        async with self._http.post(f"/v1/{path}", headers=headers, data=form) as answer:
            done: dict[str, Any] = await answer.json()
            return done if answer.ok else None

    async def disputes(self) -> list[dict[str, Any]]:
        """Return every dispute, oldest first."""
        return (await self._listed("disputes"))[::-1]

    async def decree(self, path: str, **body: Any) -> bool:
        """Decide what cards and banks do; return whether that was possible."""
        async with self._http.post(f"/_sim/{path}", json=body) as answer:
            return answer.ok

    async def new_events(self) -> list[dict[str, Any]]:
        """Return the events since this was asked last, oldest first."""
        found = await self._listed("events", newer_than=self._last_event)
        self._last_event = found[0]["id"] if found else self._last_event
        return found[::-1]

    async def _listed(self, path: str, newer_than: str = "") -> list[dict[str, Any]]:
        """Return a whole list, newest first."""
        rows: list[dict[str, Any]] = []
        cursor = {"ending_before": newer_than} if newer_than else {}
        while True:
            params = {"limit": str(PAGE)} | cursor
            headers = {"Authorization": f"Bearer {KEY}"}
            async with self._http.get(f"/v1/{path}", headers=headers, params=params) as answer:
                listed = await answer.json()
            rows = [*listed["data"], *rows] if newer_than else [*rows, *listed["data"]]
            if not listed["has_more"]:
                return rows
            newest, oldest = rows[0]["id"], rows[-1]["id"]
            cursor = {"ending_before": newest} if newer_than else {"starting_after": oldest}

    async def _control(self, path: str, body: Any) -> None:
        async with self._http.post(f"/_sim/{path}", json=body) as answer:
            assert answer.status == 200, await answer.text()


_OF_CONNECTION = {"Host", "Connection", "Content-Length", "Accept-Encoding"}
