"""Charging sessions: looked for, and one of them with its whole story."""

from datetime import date, datetime, timedelta
from typing import Annotated, Literal

from aiohttp import web
from pydantic import AfterValidator, TypeAdapter

from irve_bridge.domain.classify import trusted_minor
from irve_bridge.domain.local_time import day_begins
from irve_bridge.domain.session import Session, State
from irve_bridge.service.ends import most_decided_minor
from irve_bridge.service.overview import RUNNING
from irve_bridge.service.ports import Sought
from irve_bridge.service.stories import Story
from irve_bridge.service.views import debt_of, stoppable
from irve_bridge.web.context import CONTEXT
from irve_bridge.web.cursors import Moment, next_of, placed
from irve_bridge.web.forms import Body, validated
from irve_bridge.web.operator.chart import Chart, chart
from irve_bridge.web.operator.days import Day
from irve_bridge.web.operator.present import Presenter
from irve_bridge.web.operator.rendering import presenter_of, render
from irve_bridge.web.operator.sending import key_of

SHOWN = 50
TABLE_ROWS = 40
GROUPS: dict[str, tuple[State, ...]] = {"": (), "running": RUNNING}
"""What the list can be asked for beside a single state."""
PLACE: TypeAdapter[tuple[datetime, str]] = TypeAdapter(tuple[Moment, str])
Text = Annotated[str, AfterValidator(str.strip)]


class Sessions(Body):
    """What the list is asked for; days are on the operator's clock, both inclusive."""

    q: Text = ""
    state: Literal[*GROUPS, *tuple(state.value for state in State)] = ""  # type: ignore[valid-type]
    since: Day = None
    until: Day = None
    after: str = ""
    lang: str = ""


SESSIONS = TypeAdapter(Sessions)


async def listing(request: web.Request) -> web.Response:
    """Answer GET /operator/sessions?q=…&state=…&since=…&until=…&after=…, newest first."""
    asked = validated(SESSIONS, dict(request.query))
    zone = request.app[CONTEXT].settings.operator_time_zone
    sought = Sought(
        states=GROUPS.get(asked.state, (asked.state,)),
        since=_begin(asked.since, zone),
        until=_begin(asked.until, zone, days=1),
        before=placed(asked.after, PLACE),
    )
    found = await request.app[CONTEXT].views.found(asked.q, sought, SHOWN)
    told = {
        "found": found,
        "asked": asked,
        "states": list(State),
        "next": next_of(found, SHOWN, "opened_at", "id"),
        "fields": {
            "q": asked.q,
            "state": asked.state,
            "since": asked.since or "",
            "until": asked.until or "",
        },
    }
    return render(request, "sessions.html", told)


async def show(request: web.Request) -> web.Response:
    """Answer GET /operator/sessions/{session_id}?done=…: `done` is what was just done."""
    return await session_page(request)


async def session_page(request: web.Request, fault: str = "", status: int = 200) -> web.Response:
    """Return the page of the session that the address names; `fault` says what was not done."""
    context = request.app[CONTEXT]
    view = await context.views.story(request.match_info["session_id"])
    session, presenter = view.session, presenter_of(request)
    told = {
        "view": view,
        "session": session,
        "kept": view.record,
        "charts": charts(view, presenter),
        "table_rows": TABLE_ROWS,
        "debt": debt_of(session, context.policy),
        "proposed": trusted_minor(session) if session.state is State.REVIEW else 0,
        "most": most_of(session),
        "stoppable": stoppable(session),
        "fault": fault,
        "done": request.query.get("done", ""),
        "path": f"/operator/sessions/{session.id}",
    }
    return render(request, "session.html", told, status, address=f"/operator/sessions/{session.id}")


async def confirmed(
    request: web.Request, session: Session, sentence: str, fields: dict[str, str]
) -> web.Response:
    """Return the page that says what is about to happen to a session, and asks once more."""
    back = f"/operator/sessions/{session.id}"
    told = {
        "session": session,
        "sentence": sentence,
        "fields": fields,
        "form_key": await key_of(request),
        "back": back,
    }
    return render(request, "confirm_session.html", told, address=back)


def most_of(session: Session) -> int:
    """Return the most that can be decided to be owed, or given back, in minor units."""
    if session.state in (State.REVIEW, State.DUE):
        return most_decided_minor(session)
    return (session.decided_minor or 0) if session.state is State.SETTLED else 0


def charts(view: Story, presenter: Presenter) -> list[Chart]:
    """Return what the meter said over time, energy and power, as far as there is enough of it."""
    language, readings = presenter.language, view.record.readings
    transaction = view.record.transaction
    first_wh = transaction.meter_start_wh if transaction else 0
    energy = [(r.at, r.register_wh - first_wh) for r in readings if r.register_wh is not None]
    power = [(r.at, r.power_w) for r in readings if r.power_w is not None]
    drawn = (
        chart(presenter.energy, energy, language.kwh, presenter.moment),
        chart(presenter.power, power, language.kw, presenter.moment),
    )
    return [each for each in drawn if each]


def _begin(day: date | None, time_zone: str, days: int = 0) -> datetime | None:
    """Return when a day begins, or one that is so many days later."""
    return None if day is None else day_begins(day + timedelta(days=days), time_zone)
