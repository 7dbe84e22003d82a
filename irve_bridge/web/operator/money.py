"""Decisions and refunds: each is asked for twice, done once, and noted with who did it."""

import json
import re
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Annotated
from urllib.parse import quote

from aiohttp import web
from pydantic import StringConstraints, TypeAdapter

from irve_bridge.domain.errors import AmountRefused, Conflict
from irve_bridge.domain.money import minor_digits
from irve_bridge.domain.session import Session, State
from irve_bridge.web.context import CONTEXT
from irve_bridge.web.correlation import concern
from irve_bridge.web.forms import Body, validated
from irve_bridge.web.operator.rendering import presenter_of, signed_in
from irve_bridge.web.operator.sending import fields_of, key_of, once_by_form
from irve_bridge.web.operator.sessions import confirmed, most_of, session_page
from irve_bridge.web.operator.wording import BOUNDS, CONSEQUENCES, UNFIT
from irve_bridge.web.rendering import see_other
from irve_bridge.web.replies import Reply

AMOUNT_CHARACTERS = 20
_AMOUNT = re.compile(r"[0-9]{1,12}([.,][0-9]{1,3})?")
Typed = Annotated[str, StringConstraints(strip_whitespace=True, max_length=AMOUNT_CHARACTERS)]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class Decision(Body):
    """What the driver owes, as it is typed; `state` and `owed` are what the page showed.

    `owed` is what was decided before, in minor units, or "None".
    """

    amount: Typed
    state: State
    owed: Typed


class Refund(Decision):
    """What goes back, and why."""

    reason: Reason


DECISION, REFUND = TypeAdapter(Decision), TypeAdapter(Refund)


async def decide(request: web.Request) -> web.StreamResponse:
    """Answer POST /operator/sessions/{session_id}/decision: of a review, or of what is due."""
    fields, sure = await fields_of(request)
    asked = validated(DECISION, fields)
    desk, by = request.app[CONTEXT].desk, signed_in(request).account.name

    async def act(session: Session, amount_minor: int) -> None:
        await desk.decide(session.id, amount_minor, by)

    return await _twice(request, asked, fields, act, sure=sure)


async def refund(request: web.Request) -> web.StreamResponse:
    """Answer POST /operator/sessions/{session_id}/refunds."""
    fields, sure = await fields_of(request)
    asked = validated(REFUND, fields)
    desk, by = request.app[CONTEXT].desk, signed_in(request).account.name
    key = await key_of(request)

    async def act(session: Session, amount_minor: int) -> None:
        owed_minor = session.decided_minor
        await desk.refund(session.id, amount_minor, asked.reason, key, by, owed_minor)

    return await _twice(request, asked, fields, act, sure=sure)


async def _twice(
    request: web.Request,
    asked: Decision,
    fields: dict[str, str],
    act: Callable[[Session, int], Awaitable[None]],
    *,
    sure: bool,
) -> web.StreamResponse:
    """Say what is about to happen; once that is agreed to, do it, and lead back to the session."""
    session_id = request.match_info["session_id"]
    concern(session_id)

    async def do() -> Reply:
        session, amount_minor = await _fitting(request, session_id, asked)
        await act(session, amount_minor)
        return Reply(200, {})

    try:
        if not sure:
            session, amount_minor = await _fitting(request, session_id, asked)
            return await _ask_again(request, session, amount_minor, fields)
        await once_by_form(request, json.dumps(fields), do)
    except Conflict:
        return await session_page(request, presenter_of(request).language.text(UNFIT), 409)
    except AmountRefused as refusal:
        return await session_page(request, refusal.sentence, 422)
    return see_other(f"/operator/sessions/{quote(session_id, safe='')}?done=yes")


async def _fitting(request: web.Request, session_id: str, asked: Decision) -> tuple[Session, int]:
    """Return the session and the amount in minor units, where the one fits the other.

    Raises:
        Conflict: It no longer stands as its page showed it.
        AmountRefused: The amount is none, or out of bounds; in the operator's words.
    """
    session = await request.app[CONTEXT].desk.session(session_id)
    shown = (asked.state, asked.owed)
    stands = (session.state, str(session.decided_minor))
    if shown != stands or (session.state, True) not in CONSEQUENCES:
        raise Conflict("The session has moved on.")
    least_minor, most_minor = int(session.state is State.SETTLED), most_of(session)
    amount_minor = minor_of(asked.amount, session.currency)
    if amount_minor is None or not least_minor <= amount_minor <= most_minor:
        language = presenter_of(request).language
        bounds = {
            "least": language.money(least_minor, session.currency),
            "most": language.money(most_minor, session.currency),
        }
        raise AmountRefused(language.text(BOUNDS) % bounds)
    return session, amount_minor


async def _ask_again(
    request: web.Request, session: Session, amount_minor: int, fields: dict[str, str]
) -> web.Response:
    language = presenter_of(request).language
    consequence = language.text(CONSEQUENCES[session.state, bool(amount_minor)])
    sentence = consequence % {"amount": language.money(amount_minor, session.currency)}
    return await confirmed(request, session, sentence, fields)


def minor_of(typed: str, currency: str) -> int | None:
    """Return an amount in minor units, typed in major ones with a comma or a point; None for none.

    More decimals than the currency has are no amount: nobody knows which was meant.
    """
    if not _AMOUNT.fullmatch(typed):
        return None
    amount = Decimal(typed.replace(",", ".")).scaleb(minor_digits(currency))
    return int(amount) if amount == amount.to_integral_value() else None
