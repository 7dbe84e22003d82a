"""The Stripe hand before a simulated Stripe, over real HTTP with the real SDK.

`Till` stands where the dispatcher stands: it keeps a session, decides with the domain, numbers the
attempts, and remembers which of them are unknown.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import ClientSession, web

from irve_bridge.domain import facts
from irve_bridge.domain.breakdown import Breakdown
from irve_bridge.domain.intents import Do, Intent, Kind
from irve_bridge.domain.session import MeteredBy, PlanName, Session
from irve_bridge.domain.tariff import Tariff
from irve_bridge.payments import StripePayments, StripeSettings
from irve_bridge.service.ports import Again, Attempt, Done, Failed, Outcome, Task
from simulators.stripe.app import create_app
from tests.books import Books

KEY = "sk_test_payments"
SECRETS = ("whsec_old", "whsec_new")


@dataclass
class WorldClock:
    """One time for bridge and simulator; it passes only when a test lets it pass."""

    at: datetime = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def timestamp(self) -> float:
        return self.at.timestamp()

    async def sleep(self, delay: timedelta) -> None:
        raise AssertionError("the payments hand never waits")

    def pass_(self, delay: timedelta) -> None:
        self.at += delay


@dataclass
class Simulator:
    """The simulated Stripe, as its audit and its faults show it."""

    http: ClientSession
    url: str

    async def ledger(self) -> list[dict[str, Any]]:
        async with self.http.get("/_sim/ledger") as answer:
            lines: list[dict[str, Any]] = await answer.json()
            return lines

    async def listed(self, path: str, account: str = "") -> list[dict[str, Any]]:
        headers = {"Authorization": f"Bearer {KEY}"}
        if account:
            headers["Stripe-Account"] = account
        async with self.http.get(f"/v1/{path}", headers=headers) as answer:
            listed: list[dict[str, Any]] = (await answer.json())["data"]
            return listed

    async def fault(
        self, path: str, effect: str, status: int | None, *, method: str = "POST", **more: float
    ) -> None:
        fault = {"method": method, "path": f"/v1/{path}", "effect": effect, "status": status}
        await self.control("faults", [fault | more])

    async def pay(self, checkout_id: str | None, **fields: Any) -> dict[str, Any]:
        return await self.control(f"checkout/{checkout_id}/pay", fields)

    async def post(self, path: str, **params: str) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {KEY}"}
        async with self.http.post(f"/v1/{path}", headers=headers, data=params) as answer:
            created: dict[str, Any] = await answer.json()
            assert answer.status == 200, created
            return created

    async def control(self, path: str, body: Any) -> Any:
        async with self.http.post(f"/_sim/{path}", json=body) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()


@dataclass
class Till:
    """One session on its way, with the intents that wait for it."""

    payments: StripePayments
    clock: WorldClock
    session: Session
    intents: list[Intent] = field(default_factory=list)
    task: Task | None = None
    count: int = 0
    books: Books = field(default_factory=Books)

    def apply(self, fact: facts.SessionFact) -> None:
        """Count a fact in the books and let the domain decide on it."""
        decision = self.books.decide(self.session, fact)
        self.session = decision.session
        self.intents.extend(decision.intents)

    async def do(self, kind: Kind) -> Outcome:
        """Perform the waiting intent of a kind, as a first attempt."""
        intent = next(each for each in self.intents if each.kind is kind)
        self.intents.remove(intent)
        return await self.perform(intent)

    async def perform(self, intent: Intent) -> Outcome:
        """Perform an intent, as a first attempt."""
        self.count += 1
        return await self._perform(self._task(intent, self.count, 1))

    async def again(self, outcome: Outcome, after: timedelta = timedelta(0)) -> Outcome:
        """Go on after an outcome as the dispatcher would: look the attempt up, or try anew."""
        assert isinstance(outcome, Again), outcome
        assert self.task is not None
        self.clock.pass_(after)
        task, attempt = self.task, self.task.attempt
        if outcome.known:
            return await self._perform(self._task(task.intent, task.intent_id, attempt.number + 1))
        unknown = replace(attempt, unknown=True, burnt=attempt.burnt or outcome.burnt)
        return await self._perform(replace(task, owner=self.session, attempt=unknown))

    def _task(self, intent: Intent, intent_id: int, number: int) -> Task:
        attempt = Attempt(
            number=number,
            key=f"{self.session.id}:{intent_id}:{number}",
            request=self.payments.prepare(self.session, intent),
            started_at=self.clock.now(),
        )
        return Task(
            intent_id=intent_id,
            lease="lease",
            subject="s-1",
            owner=self.session,
            intent=intent,
            attempt=attempt,
            created_at=self.clock.now(),
            tries=number,
        )

    async def _perform(self, task: Task) -> Outcome:
        self.task = task
        outcome = await self.payments.perform(task)
        self._learn(outcome.facts)
        return outcome

    async def observe(self) -> tuple[facts.SessionFact, ...]:
        """Ask what holds now, and let the domain decide on it."""
        observed = await self.payments.observe(self.session)
        self._learn(observed)
        return observed

    def _learn(self, learnt: tuple[facts.Fact, ...]) -> None:
        for fact in learnt:
            assert isinstance(fact, facts.SessionFact)
            assert fact.session_id == self.session.id
            assert fact.at == self.clock.now()
            self.apply(fact)

    async def open(self) -> None:
        """Go as far as the driver's checkout."""
        customer = Intent(Do.CREATE_CUSTOMER, Kind.CREATE_CUSTOMER)
        assert isinstance(await self.perform(customer), Done)
        assert isinstance(await self.do(Kind.OPEN_CHECKOUT), Done)

    async def secure(self, simulator: Simulator, card: str = "4242424242424242") -> None:
        """Go as far as a secured payment."""
        await self.open()
        paid = await simulator.pay(self.session.checkout_id, card=card, email="ada@example.org")
        assert paid["outcome"] == "complete", paid
        await self.observe()

    async def charge(self, cost_minor: int) -> None:
        """Charge the car, for this cost."""
        session_id, at = self.session.id, self.clock.now()
        self.apply(
            facts.ChargingBegan(session_id=session_id, at=at, transaction_id="7", started_at=at)
        )
        cost = Breakdown(self.session.currency, cost_minor, cost_minor)
        energy_wh = 10_000 if cost_minor else 0
        self.apply(
            facts.ChargingEnded(
                session_id=session_id, at=at, stopped_at=at, energy_wh=energy_wh, cost=cost
            )
        )

    def refuse_start(self) -> None:
        """Let the charge point reject the start."""
        self.apply(facts.StartRefused(session_id=self.session.id, at=self.clock.now()))


def only(outcome: Outcome) -> facts.Fact:
    """Return the one fact that a known outcome brought."""
    assert isinstance(outcome, Done | Failed), outcome
    (fact,) = outcome.facts
    return fact


@pytest.fixture
def clock() -> WorldClock:
    return WorldClock()


@pytest.fixture
async def simulator(clock: WorldClock) -> AsyncIterator[Simulator]:
    runner = web.AppRunner(create_app(clock=clock), access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with ClientSession(url) as http:
        yield Simulator(http, url)
    await runner.cleanup()


@pytest.fixture
def settings(simulator: Simulator) -> StripeSettings:
    return StripeSettings(
        secret_key=KEY,
        webhook_secrets=SECRETS,
        return_url_template="https://bridge.example/session/{token}",
        cancel_url_template="https://bridge.example/session/{token}/cancel",
        api_base=simulator.url,
        timeout_s=5,
    )


@pytest.fixture
async def payments(settings: StripeSettings, clock: WorldClock) -> AsyncIterator[StripePayments]:
    payments = StripePayments(settings, clock)
    yield payments
    await payments.close()


Tills = Callable[..., Till]


@pytest.fixture
def new_till(payments: StripePayments, clock: WorldClock) -> Tills:
    """Open a session of a plan; keyword arguments change its fields."""

    def make(plan: PlanName, **fields: Any) -> Till:
        session = Session(
            id="s-1",
            token="token-of-the-driver",
            plan=plan,
            metered_by=MeteredBy.BRIDGE,
            charge_point_id="CP1",
            connector_number=2,
            id_tag="A1B2",
            tariff=Tariff(id="T", currency="EUR", elements=()),
            currency="EUR",
            amount_minor=2000,
            least_minor=payments.least_minor("EUR"),
            opened_at=clock.now(),
            provider=payments.name,
        )
        return Till(payments, clock, replace(session, **fields))

    return make
