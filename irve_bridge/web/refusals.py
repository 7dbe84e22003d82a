"""Refusals as HTTP says them: a status, a stable code and a sentence."""

from typing import NoReturn, NotRequired, TypedDict

from pydantic import ValidationError

from irve_bridge.domain.errors import (
    AmountRefused,
    CodeRefused,
    CommandFailed,
    Conflict,
    ConnectorBusy,
    ConnectorOut,
    Refusal,
    TariffRefused,
    UnknownThing,
)

_STATUS: dict[type[Refusal], int] = {
    UnknownThing: 404,
    ConnectorBusy: 409,
    ConnectorOut: 409,
    Conflict: 409,
    CodeRefused: 403,
    AmountRefused: 422,
    TariffRefused: 422,
}
_FAILED_STATUS = {"offline": 409, "busy": 409, "invalid": 422, "call_error": 502, "timeout": 504}


class Fault(TypedDict):
    """What was refused: `code` is stable, `message` is for people.

    `field` is the part at fault, `call_error` the code of a charge point's CALLERROR.
    """

    code: str
    message: str
    field: NotRequired[str]
    call_error: NotRequired[str]


class Refused(TypedDict):
    """A refusal."""

    error: Fault


class RequestRefused(Refusal):
    """The request itself is at fault, or comes at the wrong moment; `field` names the part."""

    def __init__(self, status: int, code: str, sentence: str, field: str | None = None) -> None:
        super().__init__(sentence, code)
        self.status = status
        self.field = field


def status_of(refusal: Refusal) -> int:
    """Return the HTTP status of a refusal."""
    match refusal:
        case RequestRefused():
            return refusal.status
        case CommandFailed():
            return _FAILED_STATUS[refusal.code]
    return _STATUS[type(refusal)]


def document(refusal: Refusal) -> Refused:
    """Return the JSON body of a refusal."""
    error: Fault = {"code": refusal.code, "message": refusal.sentence}
    if isinstance(refusal, RequestRefused) and refusal.field:
        error["field"] = refusal.field
    if isinstance(refusal, CommandFailed) and refusal.call_error:
        error["call_error"] = refusal.call_error
    return {"error": error}


def refuse_invalid(error: ValidationError) -> NoReturn:
    """Raise for the first fault that pydantic found, with the field's name.

    Raises:
        RequestRefused: 422.
    """
    first = error.errors(include_url=False)[0]
    names = first["loc"] or (first.get("ctx", {}).get("discriminator", "body").strip("'"),)
    message = first["msg"].removeprefix("Value error, ")
    raise RequestRefused(422, "invalid", f"{names[-1]}: {message}", str(names[-1])) from None
