"""What OCPP 1.6 forbids in a call, told before anything is sent, and what is odd in an answer."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from ocpp.exceptions import OCPPError
from ocpp.messages import Call, CallResult, validate_payload

from irve_bridge.service.consequences import moment

Payload = Mapping[str, Any]
INTEGERS = range(-(2**31), 2**31)
"""Charge points keep an integer in 32 bits, and the schemas take any."""
LOOKED_AT_BYTES = 50_000
"""Of an answer: to validate a megabyte takes a second, in which nobody else is heard."""
TOLD_MOST = 200
"""Characters: the validator repeats the whole of what is too long."""


async def objection(action: str, payload: Payload) -> str | None:
    """Return what is wrong with a call, in one sentence; None for nothing."""
    wrong = await _violation(Call("", action, dict(payload)))
    if wrong is not None:
        return wrong
    for number in _integers(payload):
        if number not in INTEGERS:
            return f"{number} is beyond the 32 bits that charge points have for an integer"
    return _no_moment(payload["expiryDate"]) if action == "ReserveNow" else None


async def oddity(action: str, answer: Payload) -> str | None:
    """Return in what an answer is otherwise than its schema wants it; None for nothing.

    What is too long to be looked at while others wait is not.
    """
    if len(msgspec.json.encode(answer)) > LOOKED_AT_BYTES:
        return None
    return await _violation(CallResult("", dict(answer), action))


async def _violation(message: Call | CallResult) -> str | None:
    try:
        await validate_payload(message, "1.6")
    except OCPPError as error:
        return _sentence(error)
    return None


def _sentence(error: OCPPError) -> str:
    """Return where what is wrong, in the words of the schema's validator.

    The library names the field only now and then; what it caught always does.
    """
    found = error.__context__
    path = ".".join(str(part) for part in getattr(found, "absolute_path", ()))
    said = str(getattr(found, "message", "") or error.details.get("cause") or error.description)
    if len(said) > TOLD_MOST:
        said = f"{said[: TOLD_MOST // 2]} … {said[-TOLD_MOST // 2 :]}"
    return f"{path}: {said}" if path else said


def _integers(payload: object) -> Iterator[int]:
    match payload:
        case dict():
            for value in payload.values():
                yield from _integers(value)
        case list():
            for value in payload:
                yield from _integers(value)
        case int():
            yield payload


def _no_moment(expires: str) -> str | None:
    """The schemas take any text for a dateTime."""
    try:
        moment(expires)
    except ValueError:
        return f"expiryDate: {expires} is no moment, such as 2026-03-01T12:00:00Z"
    return None
