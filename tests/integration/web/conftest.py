"""The pages and the API over real HTTP, on real storage, bus, dispatcher and a simulated Stripe.

`House` stands where the charge points' door stands: it says what a charge point would.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import stripe
from aiohttp import ClientResponse, ClientSession, DummyCookieJar, web
from aiohttp.test_utils import TestClient, TestServer

from irve_bridge.bus.in_process import InProcessBus
from irve_bridge.charge_points.v16.schema import objection
from irve_bridge.clock import SharedClock
from irve_bridge.domain import facts
from irve_bridge.domain.breakdown import Dimension
from irve_bridge.domain.charge_point import ChargePoint, Connector, ConnectorStatus
from irve_bridge.domain.intents import Lane
from irve_bridge.domain.metering import Reading
from irve_bridge.domain.session import Session, State
from irve_bridge.domain.tariff import PriceComponent, Tariff, TariffElement
from irve_bridge.payments import StripePayments, StripeSettings
from irve_bridge.service import reports, transactions
from irve_bridge.service.accounts import Accounts
from irve_bridge.service.charger import ChargerHand
from irve_bridge.service.codes import Codes
from irve_bridge.service.commands import Answer, Command, decode_command, encode
from irve_bridge.service.control import Control
from irve_bridge.service.desk import Desk
from irve_bridge.service.dispatch import Dispatcher
from irve_bridge.service.handle import Handler, topic
from irve_bridge.service.inventory import Inventory
from irve_bridge.service.meters import Meters
from irve_bridge.service.policy import Policy
from irve_bridge.service.ports import ALONE, Hand, Storage, Tx
from irve_bridge.service.registrations import Registrations
from irve_bridge.service.views import Views
from irve_bridge.signatures import OcmfVerifier
from irve_bridge.storage import open_storage
from irve_bridge.web import WebContext, WebSettings, create_app
from simulators.stripe.app import create_app as create_stripe
from tests import sqlite

CSMS_KEY = "key-of-the-csms"
CSMS = {"Authorization": f"Bearer {CSMS_KEY}"}
WEBHOOK_SECRET = "whsec_web"
VAT = Decimal(20)
TARIFF = Tariff(
    "T1",
    "EUR",
    (
        TariffElement(
            (
                PriceComponent(Dimension.FLAT, Decimal("0.50"), vat=VAT),
                PriceComponent(Dimension.PARKING_TIME, Decimal(3), vat=VAT),
                PriceComponent(Dimension.ENERGY, Decimal("0.40"), vat=VAT),
            )
        ),
    ),
)
CHARGE_POINT = ChargePoint(
    id="CP1",
    name="Parking de la République",
    operator_name="Recharge Exemple",
    operator_phone="+33 1 23 45 67 89",
    operator_address="1 rue de l'Exemple, 75001 Paris",
    operator_siren="732829320",
    operator_vat_number="FR44732829320",
    operator_email="contact@recharge.example",
    address="12 place de la République, 75003 Paris",
)
CONNECTOR = Connector(
    charge_point_id="CP1",
    number=1,
    evse_id="FR*EXA*E0001*1",
    power_w=22_000,
    tariff_id="T1",
)
TYPED = str.maketrans(
    {
        "\N{NO-BREAK SPACE}": " ",
        "\N{NARROW NO-BREAK SPACE}": " ",
        "\N{RIGHT SINGLE QUOTATION MARK}": "'",
        "\N{MULTIPLICATION SIGN}": "x",
    }
)
FRENCH_PAGE = {"Accept": "text/html", "Accept-Language": "fr"}
ENGLISH_PAGE = {"Accept": "text/html", "Accept-Language": "en-GB,en;q=0.9"}


@dataclass
class House:
    """A running web room, and what the world outside it does."""

    client: TestClient[web.Request, web.Application]
    stripe: ClientSession
    storage: Storage
    handler: Handler
    meters: Meters
    desk: Desk
    bus: InProcessBus
    clock: SharedClock
    commands: list[Command] = field(default_factory=list)
    _commanded: asyncio.Event = field(default_factory=asyncio.Event)

    async def report(self, status: ConnectorStatus, number: int = 1) -> None:
        """Let a connector say how it is."""
        now = self.clock.now()
        fact = facts.ConnectorStatusChanged(
            at=now, charge_point_id="CP1", connector_number=number, status=status, since=now
        )
        await self.handler.run(lambda work: reports.status_changed(work, fact))

    async def reprice(self, energy: str) -> None:
        """Apply the tariff anew, with another net price per kWh."""
        (element,) = TARIFF.elements
        *others, _ = element.price_components
        per_kwh = PriceComponent(Dimension.ENERGY, Decimal(energy), vat=VAT)
        tariff = replace(TARIFF, elements=(TariffElement((*others, per_kwh)),))
        await self.storage.transact(lambda tx: tx.stations.put(tariff))

    async def unplug_socket(self) -> None:
        """Take the charge point offline."""
        await self.storage.transact(lambda tx: tx.stations.connected("CP1", None))

    async def order(
        self, payment_type: str = "dynamic", language: str = "fr", **fields: Any
    ) -> dict[str, Any]:
        """Open a session by the API and return the answer."""
        body = {"charge_point_id": "CP1", "connector_id": 1, "payment_type": payment_type} | fields
        headers = {"Accept-Language": language}
        async with self.client.post("/api/create-payment", json=body, headers=headers) as answer:
            created: dict[str, Any] = await answer.json()
            assert answer.status == 201, created
            return created

    async def pay(self, session_id: str, card: str = "4242424242424242") -> Session:
        """Pay on the simulated checkout; nothing is told the bridge yet."""
        session = await self.desk.session(session_id)
        path = f"/_sim/checkout/{session.checkout_id}/pay"
        async with self.stripe.post(path, json={"card": card, "email": "a@b.fr"}) as answer:
            assert answer.status == 200, await answer.text()
        return session

    async def secured(self, payment_type: str = "dynamic", **fields: Any) -> Session:
        """Go as far as a payment that is proven when the driver returns."""
        created = await self.order(payment_type, **fields)
        session = await self.pay(created["session_id"])
        async with self.client.get(f"/c/{session.token}/return", headers=FRENCH_PAGE) as answer:
            assert answer.status == 200
        return await self.until(session.id, State.SECURED)

    async def charging(self, payment_type: str = "dynamic", **fields: Any) -> Session:
        """Go as far as a transaction that started four minutes ago, with more power than usual."""
        return await self.start(await self.secured(payment_type, **fields))

    async def start(self, session: Session) -> Session:
        """Let the charge point start what is paid for."""
        fast = replace(CONNECTOR, power_w=400_000)
        await self.storage.transact(lambda tx: tx.stations.put(fast))
        now = self.clock.now()
        start = facts.TransactionStarted(
            at=now,
            charge_point_id="CP1",
            connector_number=1,
            id_tag=session.id_tag,
            meter_start_wh=1_000,
            started_at=now - timedelta(minutes=4),
        )
        await self.handler.run(lambda work: transactions.started(work, start))
        await self.report(ConnectorStatus.CHARGING)
        return await self.desk.session(session.id)

    async def read(self, session: Session, energy_wh: int, power_w: int = 11_000) -> None:
        """Let the meter say how much has flowed."""
        now = self.clock.now()
        reading = Reading(at=now, register_wh=1_000 + energy_wh, power_w=power_w)
        await self.meters.take("CP1", 1, session.transaction_id, [reading], now)

    async def end(self, session: Session, energy_wh: int) -> None:
        """Let the charge point stop the transaction."""
        now = self.clock.now()
        stop = facts.TransactionStopped(
            at=now,
            charge_point_id="CP1",
            transaction_id=session.transaction_id or "",
            meter_stop_wh=1_000 + energy_wh,
            stopped_at=now,
        )
        await self.handler.run(lambda work: transactions.stopped(work, stop))
        await self.report(ConnectorStatus.FINISHING)

    async def settled(self, payment_type: str = "dynamic", **fields: Any) -> Session:
        """Go as far as a paid charge of 12.34 kWh."""
        session = await self.charging(payment_type, **fields)
        await self.end(session, 12_340)
        return await self.until(session.id, State.SETTLED)

    async def until(self, session_id: str, *states: State) -> Session:
        """Return the session once it stands in one of these states."""
        async with asyncio.timeout(30), self.bus.subscribe(topic(session_id)) as updates:
            while (session := await self.desk.session(session_id)).state not in states:
                await updates.next(1)
            return session

    async def commanded(self, command: Command) -> None:
        """Return once the charge point was given this command."""
        async with asyncio.timeout(30):
            while command not in self.commands:
                self._commanded.clear()
                await self._commanded.wait()

    async def page(self, path: str, headers: Mapping[str, str] = FRENCH_PAGE) -> str:
        """Return a page's text, in plain characters."""
        async with self.client.get(path, headers=headers) as answer:
            return plain(await answer.text())

    async def webhook(self, event: dict[str, Any], secret: str = WEBHOOK_SECRET) -> ClientResponse:
        """Post a signed event and return the answer."""
        payload = json.dumps(event)
        signature = stripe.WebhookSignature.generate_signature_header(
            payload, secret, timestamp=int(time.time())
        )
        headers = {"Stripe-Signature": signature, "Content-Type": "application/json"}
        return await self.client.post("/webhook", data=payload, headers=headers)

    async def answer(self, command: bytes) -> bytes:
        """Accept whatever is commanded, as a charge point would."""
        self.commands.append(decode_command(command))
        self._commanded.set()
        return encode(Answer(payload={"status": "Accepted"}))


def plain(text: str) -> str:
    """Return a text with the spaces, apostrophes and times signs of a keyboard."""
    return text.translate(TYPED)


@asynccontextmanager
async def open_house(
    folder: Path,
    settings: WebSettings,
    policy: Policy,
    codes: Codes,
    port: int | None = None,
) -> AsyncIterator[House]:
    """Compose the web room on what really lies below it."""
    async with AsyncExitStack() as stack:
        clock, bus = SharedClock(), InProcessBus()
        simulator = TestServer(create_stripe())
        await stack.enter_async_context(simulator)
        url = str(simulator.make_url("")).rstrip("/")
        storage = await stack.enter_async_context(open_storage(sqlite.made(folder / "web.db")))
        await storage.transact(lambda tx: _register(tx, clock))
        payments = StripePayments(
            StripeSettings(
                secret_key="sk_test_web",
                webhook_secrets=(WEBHOOK_SECRET,),
                return_url_template=f"{settings.base_url}/c/{{token}}/return",
                cancel_url_template=f"{settings.base_url}/c/{{token}}/cancelled",
                api_base=url,
                timeout_s=5,
            ),
            clock,
        )
        stack.push_async_callback(payments.close)
        handler = Handler(storage, bus, policy, OcmfVerifier())
        meters = Meters(storage, bus, clock, lambda: None)
        handler.after_commit(meters.heard)
        desk = Desk(storage, handler, bus, clock, payments, policy)
        hands: dict[Lane, Hand] = {
            Lane.MONEY: payments,
            Lane.REFUNDS: payments,
            Lane.AFTERWARDS: payments,
            Lane.EYES: payments,
            Lane.CHARGER: ChargerHand(bus, clock, policy, 5),
        }
        dispatchers = [
            Dispatcher(storage, handler, clock, policy, lane, hand) for lane, hand in hands.items()
        ]
        app = create_app(
            WebContext(
                desk=desk,
                views=Views(storage, meters, clock),
                control=Control(storage, bus, clock, objection, 5),
                inventory=Inventory(storage, bus, clock),
                registrations=Registrations(storage, bus, clock),
                accounts=Accounts(storage, clock, timedelta(hours=1), timedelta(hours=12)),
                payments=payments,
                storage=storage,
                bus=bus,
                clock=clock,
                policy=policy,
                settings=replace(settings, checkout_origins=(url,)),
                codes=codes,
            )
        )
        client = TestClient(TestServer(app, port=port), cookie_jar=DummyCookieJar())
        await stack.enter_async_context(client)
        http = await stack.enter_async_context(ClientSession(url))
        house = House(client, http, storage, handler, meters, desk, bus, clock)
        await stack.enter_async_context(bus.serve("CP1", house.answer))
        for dispatcher in dispatchers:
            await stack.enter_async_context(_working(dispatcher))
        yield house


@asynccontextmanager
async def _working(dispatcher: Dispatcher) -> AsyncIterator[None]:
    task = asyncio.create_task(dispatcher.run())
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)  # a test may have closed its storage


def _register(tx: Tx, clock: SharedClock) -> None:
    tx.nodes.join(ALONE)
    for thing in (TARIFF, CHARGE_POINT, CONNECTOR, replace(CONNECTOR, number=2)):
        tx.stations.put(thing)
    now = clock.now()
    tx.stations.connected("CP1", now)
    tx.stations.reported("CP1", 1, ConnectorStatus.AVAILABLE, None, now)
    tx.stations.reported("CP1", 2, ConnectorStatus.CHARGING, None, now)


@pytest.fixture
def policy() -> Policy:
    return Policy(callbacks=False)


@pytest.fixture
def settings() -> WebSettings:
    return WebSettings(
        base_url="https://bridge.example",
        csms_api_keys=(CSMS_KEY,),
        throttle_per_minute=600,
    )


@pytest.fixture
def codes() -> Codes:
    return Codes()


@pytest.fixture
async def house(
    tmp_path: Path, settings: WebSettings, policy: Policy, codes: Codes
) -> AsyncIterator[House]:
    async with open_house(tmp_path, settings, policy, codes) as house:
        yield house
