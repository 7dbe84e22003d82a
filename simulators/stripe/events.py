"""Events: https://docs.stripe.com/api/events."""

import fnmatch
from collections.abc import Callable

import stripe

from simulators.stripe import listing
from simulators.stripe.routing import Call, Routes
from simulators.stripe.wire import InvalidParameterError, Object

routes = Routes()
_TYPES_MAX = 20


@routes("GET", "/v1/events", stripe.params.EventListParams, f"{listing.DATED_PAGE} type types")
def index(call: Call) -> Object:
    """List events, of one type or group (``refund.*``), or of the types named."""
    asked = _asked(call.params)
    rows = [event for event in call.account.all("event") if asked(event["type"])]
    return listing.page("/v1/events", rows, call.params)


def _asked(params: Object) -> Callable[[str], bool]:
    """Tell which types are asked for: ``types`` are at most 20 names, without wildcards."""
    pattern, types = params.get("type", "*"), params.get("types")
    if types is None:
        return lambda kind: fnmatch.fnmatchcase(kind, pattern)
    if "type" in params:
        raise InvalidParameterError("You may only specify one of these parameters: type, types.")
    if len(types) > _TYPES_MAX:
        raise InvalidParameterError(f"You may name at most {_TYPES_MAX} types.", param="types")
    return lambda kind: kind in types


@routes("GET", "/v1/events/{id}", stripe.params.EventRetrieveParams)
def retrieve(call: Call) -> Object:
    """Return an event."""
    return call.account.get("event", call.id)
