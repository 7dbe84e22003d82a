"""Events: https://docs.stripe.com/api/events."""

import fnmatch

import stripe

from simulators.stripe import listing
from simulators.stripe.routing import Call, Routes
from simulators.stripe.wire import Object

routes = Routes()


@routes("GET", "/v1/events", stripe.params.EventListParams, f"{listing.DATED_PAGE} type types")
def index(call: Call) -> Object:
    """List events, of the types asked for; ``type`` may end in ``.*``."""
    patterns = call.params.get("types") or [call.params.get("type", "*")]
    rows = [
        event
        for event in call.account.all("event")
        if any(fnmatch.fnmatchcase(event["type"], pattern) for pattern in patterns)
    ]
    return listing.page("/v1/events", rows, call.params)


@routes("GET", "/v1/events/{id}", stripe.params.EventRetrieveParams)
def retrieve(call: Call) -> Object:
    """Return an event."""
    return call.account.get("event", call.id)
