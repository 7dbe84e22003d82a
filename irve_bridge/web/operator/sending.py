"""What every form of the operator's pages carries besides its own fields."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from irve_bridge.web.forms import read_form
from irve_bridge.web.operator.gate import CSRF
from irve_bridge.web.operator.rendering import signed_in
from irve_bridge.web.refusals import RequestRefused
from irve_bridge.web.replies import KEY_LENGTH_MOST, Reply, once

FORM_KEY, SURE = "form_key", "sure"


async def fields_of(request: web.Request) -> tuple[dict[str, str], bool]:
    """Return a form's own fields, and whether its person was asked twice."""
    form = await read_form(request)
    own = {name: text for name, text in form.items() if name not in (CSRF, FORM_KEY, SURE)}
    return own, bool(form.get(SURE))


async def key_of(request: web.Request) -> str:
    """Return which form it is that is sent; "" where it does not say."""
    return (await read_form(request)).get(FORM_KEY, "")


async def once_by_form(
    request: web.Request, body: str, act: Callable[[], Awaitable[Reply]]
) -> Reply:
    """Act, once for each form that was shown: sent twice, it is answered the same.

    Raises:
        RequestRefused: 422, the form does not say which it is.
    """
    key = await key_of(request)
    if not key or len(key) > KEY_LENGTH_MOST:
        raise RequestRefused(422, "invalid", "The form has no key.")
    return await once(request, f"account {signed_in(request).account.name}", body, act, key)
