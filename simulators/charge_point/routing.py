from collections.abc import Callable
from typing import Any, TypeVar, cast

from ocpp import routing
from ocpp.v16.enums import Action

Handler = TypeVar("Handler", bound=Callable[..., Any])


def on(action: Action) -> Callable[[Handler], Handler]:
    """Mark the handler of an action; the library's own decorator has no types."""
    return cast(Callable[[Handler], Handler], routing.on(action))
