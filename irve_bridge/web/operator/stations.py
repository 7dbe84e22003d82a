"""Charge points and their connectors, as they stand."""

from typing import Literal

from aiohttp import web
from pydantic import TypeAdapter

from irve_bridge.web.context import CONTEXT
from irve_bridge.web.cursors import next_of
from irve_bridge.web.forms import Body, validated
from irve_bridge.web.operator.asking import KNOWN_ANSWERS, TITLES
from irve_bridge.web.operator.rendering import render

SHOWN = 50
_ONLINE = {"online": True, "offline": False, "": None}


class Stations(Body):
    """What the list is asked for; `q` is part of an id or a name."""

    q: str = ""
    state: Literal["", "online", "offline"] = ""
    after: str = ""
    lang: str = ""


STATIONS = TypeAdapter(Stations)


async def listing(request: web.Request) -> web.Response:
    """Answer GET /operator/stations?q=…&state=…&after=…, by id."""
    asked = validated(STATIONS, dict(request.query))
    found = await request.app[CONTEXT].inventory.charge_points(
        SHOWN, asked.after, online=_ONLINE[asked.state], called=asked.q.strip()
    )
    told = {
        "found": found,
        "asked": asked,
        "next": next_of([point for point, _ in found], SHOWN, "id"),
    }
    return render(request, "stations.html", told)


async def show(request: web.Request) -> web.Response:
    """Answer GET /operator/stations/{charge_point_id}?sent=…&said=…: what a command came to."""
    named = request.match_info["charge_point_id"]
    view = await request.app[CONTEXT].inventory.charge_point(named)
    sent, said = request.query.get("sent", ""), request.query.get("said", "")
    told = {
        "view": view,
        "point": view.charge_point,
        "running": {each.connector_number: each for each in view.running},
        "sent": TITLES.get(sent, ""),
        "said": KNOWN_ANSWERS.get(said, KNOWN_ANSWERS[""]),
        "titles": TITLES,
    }
    return render(request, "station.html", told)
