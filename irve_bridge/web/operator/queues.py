"""What waits for a person: amounts to decide, and debts."""

from aiohttp import web
from pydantic import TypeAdapter

from irve_bridge.domain.classify import trusted_minor
from irve_bridge.domain.session import State
from irve_bridge.service.ports import Sought
from irve_bridge.service.views import debt_of
from irve_bridge.web.context import CONTEXT
from irve_bridge.web.cursors import next_of, placed
from irve_bridge.web.forms import Body, validated
from irve_bridge.web.operator.rendering import render
from irve_bridge.web.operator.sessions import PLACE, SHOWN, most_of


class Queue(Body):
    """Where the list goes on."""

    after: str = ""
    lang: str = ""


QUEUE = TypeAdapter(Queue)


async def review(request: web.Request) -> web.Response:
    """Answer GET /operator/review: the sessions whose amount a person must decide."""
    return await _queue(request, State.REVIEW, "review.html")


async def due(request: web.Request) -> web.Response:
    """Answer GET /operator/due: the sessions whose amount was not paid."""
    return await _queue(request, State.DUE, "due.html")


async def _queue(request: web.Request, state: State, template: str) -> web.Response:
    context = request.app[CONTEXT]
    asked = validated(QUEUE, dict(request.query))
    sought = Sought(states=(state,), before=placed(asked.after, PLACE))
    found = await context.views.found("", sought, SHOWN)
    told = {
        "rows": [
            (each, debt_of(each, context.policy), trusted_minor(each), most_of(each))
            for each in found
        ],
        "next": next_of(found, SHOWN, "opened_at", "id"),
        "first": bool(asked.after),
    }
    return render(request, template, told)
