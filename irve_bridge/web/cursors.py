"""Where a list goes on: the place of the last thing listed, as one text."""

import base64
import json
from collections.abc import Sequence
from datetime import UTC
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, AwareDatetime, TypeAdapter

from irve_bridge.web.refusals import RequestRefused

P = TypeVar("P")
Moment = Annotated[AwareDatetime, AfterValidator(lambda at: at.astimezone(UTC))]
"""Part of a place."""


def cursor(*place: Any) -> str:
    """Return a place as a text that survives in an address."""
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def placed(text: str, place: TypeAdapter[P]) -> P | None:
    """Return the place of a text that `cursor` made; None for no text.

    Raises:
        RequestRefused: 422, it is of nowhere.
    """
    if not text:
        return None
    try:
        return place.validate_json(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValueError, OverflowError) as error:
        sentence = "after: give what the last page said as `next`."
        raise RequestRefused(422, "invalid", sentence, "after") from error


def next_of(listed: Sequence[Any], limit: int, *place: str) -> str | None:
    """Return where the next page begins, by these fields of the last thing; None for no page."""
    if len(listed) < limit:
        return None
    fields = [getattr(listed[-1], name) for name in place]
    if len(fields) == 1:
        return str(fields[0])
    return cursor(*(f if isinstance(f, str | int) else f.isoformat() for f in fields))
