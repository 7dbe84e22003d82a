"""The hands at the charge points: a loopback HTTP API to plug, unplug and break them."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from aiohttp import web
from ocpp.v16.enums import ChargePointErrorCode
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from .car import Car
from .charge_point import ChargePoint

CHARGE_POINTS = web.AppKey("charge_points", dict[str, ChargePoint])


class Body(BaseModel):
    """What a POST may say; every field has a usual value."""

    model_config = ConfigDict(extra="forbid")

    capacity_wh: int | None = Field(None, gt=0)
    soc_percent: int = Field(30, ge=0, le=100)
    max_power_w: int = Field(22_000, gt=0)
    error_code: ChargePointErrorCode = ChargePointErrorCode.internal_error
    id_tag: str = Field("RFID", max_length=20)
    resume: bool = False

    @property
    def car(self) -> Car | None:
        """Return the car described; None for any car."""
        if self.capacity_wh is None:
            return None
        return Car(self.capacity_wh, self.soc_percent, self.max_power_w)


Action = Callable[[ChargePoint, Body], Awaitable[object]]
ConnectorAction = Callable[[ChargePoint, int, Body], Awaitable[object]]

ACTIONS: dict[str, Action] = {
    "offline": lambda cp, _: cp.go_offline(),
    "online": lambda cp, _: cp.go_online(),
    "reboot": lambda cp, body: cp.reboot(resume=body.resume),
}
CONNECTOR_ACTIONS: dict[str, ConnectorAction] = {
    "plug": lambda cp, number, body: cp.plug(number, body.car),
    "unplug": lambda cp, number, _: cp.unplug(number),
    "swipe": lambda cp, number, body: cp.swipe(number, body.id_tag),
    "fault": lambda cp, number, body: cp.fault(number, body.error_code),
    "clear": lambda cp, number, _: cp.clear(number),
}


def create_app(charge_points: Iterable[ChargePoint]) -> web.Application:
    """Return the control API of these charge points."""
    app = web.Application(middlewares=[_explain])
    app[CHARGE_POINTS] = {charge_point.id: charge_point for charge_point in charge_points}
    app.router.add_get("/", _list)
    app.router.add_get("/{cp}", _show)
    app.router.add_post("/{cp}/{action}", _act)
    app.router.add_post(r"/{cp}/{connector:\d+}/{action}", _act_on_connector)
    return app


@web.middleware
async def _explain(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Answer 404 for what does not exist, 400 for a bad body, 409 for what cannot be now."""
    try:
        return await handler(request)
    except KeyError as error:
        return web.json_response({"error": f"unknown: {error}"}, status=404)
    except ValidationError as error:
        return web.json_response({"error": str(error)}, status=400)
    except (TimeoutError, ValueError) as error:
        return web.json_response({"error": str(error)}, status=409)


async def _list(request: web.Request) -> web.Response:
    return web.json_response([cp.as_json() for cp in request.app[CHARGE_POINTS].values()])


async def _show(request: web.Request) -> web.Response:
    return web.json_response(_charge_point(request).as_json())


async def _act(request: web.Request) -> web.Response:
    charge_point = _charge_point(request)
    await ACTIONS[request.match_info["action"]](charge_point, await _body(request))
    return web.json_response(charge_point.as_json())


async def _act_on_connector(request: web.Request) -> web.Response:
    charge_point = _charge_point(request)
    connector_id = int(request.match_info["connector"])
    action = CONNECTOR_ACTIONS[request.match_info["action"]]
    await action(charge_point, connector_id, await _body(request))
    return web.json_response(charge_point.as_json())


def _charge_point(request: web.Request) -> ChargePoint:
    return request.app[CHARGE_POINTS][request.match_info["cp"]]


async def _body(request: web.Request) -> Body:
    content: Any = await request.read()
    return Body.model_validate_json(content or b"{}")
