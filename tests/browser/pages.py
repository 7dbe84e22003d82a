"""Every page that a driver or an operator can see, each brought about as in life.

`shown` makes a world in which all of them stand still at the same time; a page is one entry of
what `Places.all` returns.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from playwright.async_api import Page

from irve_bridge.domain.account import Role
from irve_bridge.domain.id_tag import IdTag, IdTagStatus
from irve_bridge.service.ports import Tx
from irve_bridge.web.operator.gate import COOKIE
from simulators.charge_point import Car, ChargePoint
from tests.browser.desk import employ, signed_in
from tests.integration.world import CARD, PATIENCE_S, STATIONS, World, link, world

DAY_S = str(24 * 3600)
DECLINES_LATER = "4000000000000341"
ASKS_EACH_TIME = "4000002760003184"
STILL = {
    "qr_secret": "a-secret-of-the-operator",
    "qr_signatures": "accepted",
    "stripe_public_key": "pk_test_pages",
    "help_phone": "+33 1 23 45 67 89",
    "throttle_per_minute": "1000000000",
    "checkout_lasts_s": DAY_S,
    "claim_s": DAY_S,
    "start_within_s": DAY_S,
    "start_within_most_s": DAY_S,
    "retry_first_s": DAY_S,
    "retry_most_s": DAY_S,
}
"""Nothing goes on by itself while it is looked at."""
POINTS = {"CP1": 18, "CP2": 1, "CP3": 5, "CP4": 2, "CP5": 1}
"""How many connectors each has: CP2 is offline, CP3 ails, CP4 signs, CP5 never starts."""
SIGNING, SEED = "CP4", 7
Acting = Callable[[Page], Awaitable[None]]


async def looking(_page: Page) -> None:
    """Do nothing but look."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A page: its name, its address, and what is done there until it shows what is meant.

    `login` is the operator's, in a cookie, where one is needed.
    """

    name: str
    url: str
    status: int = HTTPStatus.OK
    act: Acting = looking
    login: str = ""

    async def visit(self, page: Page) -> None:
        """Bring a browser's page there."""
        if self.login:
            await page.context.add_cookies([{"name": COOKIE, "value": self.login, "url": self.url}])
        response = await page.goto(self.url)
        assert response is not None
        assert response.status == self.status, f"{self.name}: {response.status}"
        await self.act(page)


class Begun(NamedTuple):
    """A session under way, and its driver's page."""

    session_id: str
    url: str


@dataclass(frozen=True, slots=True)
class Scale:
    """How fast time runs, how strong stations and batteries are, and what is charged and held.

    The usual one lets every charge go on for minutes, however slow the machine is.
    """

    speed: float = 60.0
    power_kw: int = 43
    battery_wh: int = 2_000_000
    energy_wh: int = 800
    held_kwh: int = 400


QUICK = Scale()


@asynccontextmanager
async def shown(folder: Path, scale: Scale = QUICK) -> AsyncIterator[list[Shown]]:
    """Yield every page, in the order in which a driver may meet them."""
    async with AsyncExitStack() as stack:
        stations_file = _stations(folder, scale.power_kw)
        w = await stack.enter_async_context(
            world(folder, speed=scale.speed, stations_file=stations_file, **STILL)
        )
        points = {
            name: await stack.enter_async_context(_charge_point(w, name, scale.power_kw))
            for name in POINTS
            if name != "CP2"
        }
        yield await Places(w, points, scale).all()


def _stations(folder: Path, power_kw: int) -> Path:
    """Write the example's stations with as many connectors as are needed."""
    document = yaml.safe_load(STATIONS.read_text(encoding="utf-8"))
    document["tariffs"] = [str(STATIONS.parent / name) for name in document["tariffs"]]
    first = document["charge_points"][0]
    document["charge_points"] = [
        first
        | {"id": name, "connectors": [_connector(name, n + 1, power_kw) for n in range(count)]}
        for name, count in POINTS.items()
    ]
    file = folder / "stations.yaml"
    file.write_text(yaml.safe_dump(document), encoding="utf-8")
    return file


def public_key(name: str) -> str:
    """Return the key with which a charge point's meter signs."""
    meter = ChargePoint("ws://nowhere", name, seed=SEED, signs=True).meter
    assert meter is not None
    return meter.public_key


def _connector(name: str, number: int, power_kw: int) -> dict[str, Any]:
    evse_id = f"FR*EXA*E000{name.removeprefix('CP')}*{number}"
    outlet = {"number": number, "evse_id": evse_id, "power_kw": power_kw, "tariff": "ac"}
    return outlet | ({"meter_public_key": public_key(name)} if name == SIGNING else {})


def _charge_point(w: World, name: str, power_kw: int) -> ChargePoint:
    return w.charge_point(
        name,
        connectors=POINTS[name],
        power_w=power_kw * 1000,
        seed=SEED,
        signs=name == SIGNING,
        configuration={"ConnectionTimeOut": 3600},
    )


@dataclass(frozen=True, slots=True)
class Places:
    """A world, and the ways to bring each page of it about."""

    w: World
    points: dict[str, ChargePoint]
    scale: Scale

    async def all(self) -> list[Shown]:
        """Bring everything about; what spoils a charge point or Stripe comes last."""
        for point in self.points.values():
            await point.wait_until_online()
        await self.w.stripe("POST", "/_sim/features", incremental=True)
        begun, ailing = await asyncio.gather(
            asyncio.gather(*self._stations(), *self._charges(), *self._ends()),
            asyncio.gather(
                self._begun(1, "estimated", "CP3", energy_kwh=self.scale.held_kwh),
                self._begun(2, "fixed", "CP3", amount=2000),
                self._begun(3, "dynamic", "CP3"),
                self._begun(4, "dynamic", "CP3"),
            ),
        )
        spoilt = [
            await self._settling(ailing[0]),
            await self._releasing(),
            await self._refund_under_way(ailing[1]),
            await self._nothing_to_pay(),
            await self._earlier_charge_first(),
            await self._in_review(ailing[2]),
            await self._starting(),
            await self._stopping(ailing[3]),
            await self._does_not_answer(),
        ]
        operators = await self._operators(ailing[2].session_id)
        (charging,) = (each for each in begun if each.name == "charging")
        asked = Shown("stop_question", f"{charging.url}/stop")
        return [*self._still(), *begun, asked, *spoilt, *operators]

    async def _operators(self, in_review: str) -> list[Shown]:
        """Return what somebody sees who has signed in."""
        await employ(self.w, "claire", Role.OPERATOR)
        await self._held_and_unknown()
        _, listed = await self.w.api("GET", "/api/sessions?state=settled&limit=1")
        settled = listed["sessions"][0]["session_id"]
        _, listed = await self.w.api("GET", "/api/sessions?state=charging&limit=1")
        running = listed["sessions"][0]["session_id"]
        places = {
            "operator": "",
            "operator_sessions": "/sessions",
            "operator_session": f"/sessions/{settled}",
            "operator_session_running": f"/sessions/{running}",
            "operator_session_in_review": f"/sessions/{in_review}",
            "operator_review": "/review",
            "operator_due": "/due",
            "operator_stations": "/stations",
            "operator_station": "/stations/CP1",
            "operator_station_events": "/stations/CP1/events",
            "operator_station_commands": "/stations/CP1/commands",
            "operator_strangers": "/strangers",
            "operator_id_tags": "/id-tags",
            "operator_tariffs": "/tariffs",
            "operator_tariff": "/tariffs/ac?kwh=20&minutes=60",
            "operator_takings": "/takings",
        }
        url, login = f"{self.w.url}/operator", await signed_in(self.w, "claire")
        behind = [Shown(name, url + path, login=login) for name, path in places.items()]
        return [Shown("operator_login", f"{url}/login"), *behind]

    async def _held_and_unknown(self) -> None:
        """Have customers' badges, and somebody who knocked and is not registered."""
        assert self.w.bridge is not None
        now = self.w.clock.now()
        tags = (
            IdTag(id_tag="04A1B2C3D4E580", name="Paul Martin", parent_id_tag="FLOTTE-1"),
            IdTag(id_tag="04F6E7D8C9BA80", name="Anne Petit", status=IdTagStatus.BLOCKED),
        )

        def kept(tx: Tx) -> None:
            tx.strangers.seen("BORNE-0042", "203.0.113.9", "ocpp-client/2.1", now)
            for tag in tags:
                tx.id_tags.put(tag)

        await self.w.bridge.storage.transact(kept)

    def _still(self) -> list[Shown]:
        url = self.w.url
        return [
            Shown("home", f"{url}/"),
            Shown("station", f"{url}/s/CP1/1"),
            Shown("station_form_refused", f"{url}/s/CP1/1", act=_type_too_little),
            Shown("station_offline", f"{url}/s/CP2/1"),
            Shown("code_refused", f"{url}/s/CP1/1?k=wrong", HTTPStatus.FORBIDDEN),
            Shown("unknown_station", f"{url}/s/CP9/1", HTTPStatus.NOT_FOUND),
            Shown("unknown_page", f"{url}/nowhere", HTTPStatus.NOT_FOUND),
            Shown("finish", f"{url}/finish-dynamic-charge/nobody"),
        ]

    def _stations(self) -> list[Awaitable[Shown]]:
        return [self._station_faulted(2), self._station_out_of_service(3), self._station_busy(4)]

    def _charges(self) -> list[Awaitable[Shown]]:
        return [
            self._waiting_for_payment(5),
            self._plug_in(6),
            self._charging(7, "charging", "dynamic"),
            self._charging(8, "charging_with_a_hold", "estimated", energy_kwh=self.scale.held_kwh),
            self._car_paused(9),
        ]

    def _ends(self) -> list[Awaitable[Shown]]:
        return [
            self._receipt(10, "receipt_dynamic", "dynamic"),
            self._receipt(11, "receipt_fixed", "fixed", amount=3000),
            self._receipt(12, "receipt_estimated", "estimated", energy_kwh=self.scale.held_kwh),
            self._receipt(1, "receipt_signed", "dynamic", "CP4"),
            self._receipt_to_print(13),
            self._nothing_paid(14),
            self._due(15, "due", DECLINES_LATER),
            self._due(18, "due_to_confirm", ASKS_EACH_TIME),
        ]

    async def _station_faulted(self, number: int) -> Shown:
        await self.points["CP1"].fault(number)
        return await self._station(number, "station_faulted", "Faulted")

    async def _station_out_of_service(self, number: int) -> Shown:
        body = {"connectorId": number, "type": "Inoperative"}
        status, _ = await self.w.api(
            "POST", "/api/charge-points/CP1/commands/ChangeAvailability", body
        )
        assert status == HTTPStatus.OK
        return await self._station(number, "station_out_of_service", "Unavailable")

    async def _station_busy(self, number: int) -> Shown:
        await self._begun(number, "dynamic")
        return await self._station(number, "station_busy", "Charging")

    async def _station(self, number: int, name: str, status: str) -> Shown:
        """Return the page of a connector once the bridge has heard of this status."""

        async def heard() -> bool:
            _, point = await self.w.api("GET", "/api/charge-points/CP1")
            known = {each["number"]: each["status"] for each in point["connectors"]}
            return bool(known[number] == status)

        await self.w.eventually(heard)
        return Shown(name, f"{self.w.url}/s/CP1/{number}")

    async def _waiting_for_payment(self, number: int) -> Shown:
        opened = await self.w.open("dynamic", number)
        return Shown("waiting_for_payment", opened["session_url"])

    async def _plug_in(self, number: int) -> Shown:
        return await self._once(await self._paid(number, "dynamic"), "plug_in", "secured")

    async def _charging(self, number: int, name: str, plan: str, **choice: Any) -> Shown:
        return await self._once(await self._begun(number, plan, **choice), name, "charging")

    async def _car_paused(self, number: int) -> Shown:
        paid = await self._paid(number, "dynamic")
        await self.points["CP1"].plug(number, Car(self.scale.energy_wh, 60))
        await self.points["CP1"].wait_for_status(number, "SuspendedEV", timeout_s=PATIENCE_S)
        return await self._once(paid, "car_paused", "charging")

    async def _receipt(
        self, number: int, name: str, plan: str, point: str = "CP1", **choice: Any
    ) -> Shown:
        return await self._once(await self._ended(number, plan, point, **choice), name, "settled")

    async def _receipt_to_print(self, number: int) -> Shown:
        receipt = await self._receipt(number, "receipt_to_print", "dynamic")
        return Shown(receipt.name, f"{receipt.url}/receipt")

    async def _nothing_paid(self, number: int) -> Shown:
        opened = await self.w.open("dynamic", number)
        begun = Begun(opened["session_id"], opened["session_url"])
        async with self.w.http.post(f"{begun.url}/cancelled") as response:
            response.raise_for_status()
        return await self._once(begun, "nothing_paid", "abandoned")

    async def _due(self, number: int, name: str, card: str) -> Shown:
        return await self._once(await self._ended(number, "dynamic", card=card), name, "due")

    async def _settling(self, begun: Begun) -> Shown:
        await self._stripe_fails("/v1/payment_intents/*/capture")
        await self.points["CP3"].unplug(1)
        return await self._once(begun, "settling", "settling")

    async def _releasing(self) -> Shown:
        paid = await self._paid(16, "fixed", amount=2000)
        await self.w.until(paid.session_id, "secured")
        await self._stripe_fails("/v1/refunds")
        await self.w.stop(paid.url)
        return await self._once(paid, "releasing", "releasing")

    async def _refund_under_way(self, begun: Begun) -> Shown:
        await self.w.stripe("POST", "/_sim/refunds", mode="pending", times=1)
        await self.points["CP3"].unplug(2)
        return await self._once(begun, "refund_under_way", "settling", "settled")

    async def _nothing_to_pay(self) -> Shown:
        self.points["CP3"].misbehaviour.refuse_remote_start = True
        return await self._once(await self._paid(5, "dynamic", "CP3"), "nothing_to_pay", "released")

    async def _earlier_charge_first(self) -> Shown:
        paid = await self._paid(17, "dynamic", card=DECLINES_LATER)
        return await self._once(paid, "earlier_charge_first", "released")

    async def _in_review(self, begun: Begun) -> Shown:
        self.points["CP3"].misbehaviour.stop_short_wh = 300
        await self.points["CP3"].unplug(3)
        return await self._once(begun, "in_review", "review")

    async def _starting(self) -> Shown:
        self.points["CP5"].misbehaviour.accept_without_starting = True
        paid = await self._paid(1, "dynamic", "CP5")
        await self.points["CP5"].plug(1)
        return await self._once(paid, "starting", "secured")

    async def _stopping(self, begun: Begun) -> Shown:
        self.points["CP3"].misbehaviour.ignore_calls = True
        await self.w.stop(begun.url)
        return await self._once(begun, "stopping", "stopping")

    async def _does_not_answer(self) -> Shown:
        shown = await self._once(
            await self._paid(2, "dynamic", "CP4"), "station_does_not_answer", "secured"
        )
        await self.points["CP4"].go_offline()
        return shown

    async def _once(self, begun: Begun, name: str, *states: str) -> Shown:
        """Return the page of a session that is in one of these states."""
        await self.w.until(begun.session_id, *states)
        return Shown(name, begun.url)

    async def _ended(self, number: int, plan: str, point: str = "CP1", **choice: Any) -> Begun:
        """Pay, charge a little, and take the car away."""
        begun = await self._begun(number, plan, point, **choice)
        await self.points[point].unplug(number)
        return begun

    async def _begun(self, number: int, plan: str, point: str = "CP1", **choice: Any) -> Begun:
        """Pay, plug a car in and charge a little."""
        paid = await self._paid(number, plan, point, **choice)
        await self.points[point].plug(number, self._car())
        await self.points[point].wait_for_energy(number, self.scale.energy_wh, PATIENCE_S)
        await self.w.until(paid.session_id, "charging")
        return paid

    def _car(self) -> Car:
        return Car(self.scale.battery_wh, 20, self.scale.power_kw * 1000)

    async def _paid(
        self, number: int, plan: str, point: str = "CP1", card: str = CARD, **choice: Any
    ) -> Begun:
        opened = await self.w.open(plan, number, charge_point_id=point, **choice)
        return Begun(opened["session_id"], link(await self.w.pay(opened, card)))

    async def _stripe_fails(self, path: str) -> None:
        """Let the next such call end nobody knows how; it is looked into after `retry_first_s`."""
        await self.w.stripe("POST", "/_sim/faults", body=[{"path": path, "status": 500}])


async def _type_too_little(page: Page) -> None:
    await page.locator("[name=payment_type][value=fixed]").check()
    await page.locator("[name=amount_typed]").fill("1")
    await page.locator("form[data-payment] button").click()
    await page.locator("[role=alert]").wait_for()
