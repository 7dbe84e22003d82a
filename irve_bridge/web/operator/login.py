"""Signing in and out."""

from aiohttp import web

from irve_bridge.service.accounts import folded
from irve_bridge.web.context import CONTEXT
from irve_bridge.web.forms import read_form
from irve_bridge.web.operator.gate import LOGIN, PREFIX, give, take_back, token_of
from irve_bridge.web.operator.rendering import render
from irve_bridge.web.rendering import see_other
from irve_bridge.web.throttle import BURST, Throttle, client_network

KNOWN_MOST = 10_000
_FIELD_MOST = 2000
_COMMAND = "irve-bridge accounts add %s --role operator"


class LoginThrottle:
    """Holds back who guesses: each address, and each name whatever the address.

    Who signed in from an address before has a turn of their own there: others' guesses at their
    name do not lock them out.
    """

    def __init__(self, per_minute: float) -> None:
        self._throttle = Throttle(per_minute, BURST)
        self._known: dict[tuple[str, str], None] = {}

    def allows(self, address: str, name: str) -> bool:
        """Take one try of an address and of a name; False when one of them has none left."""
        known = (address, name) in self._known
        turn = f"name {name} from {address}" if known else f"name {name}"
        return self._throttle.allows(f"address {address}") and self._throttle.allows(turn)

    def knows(self, address: str, name: str) -> None:
        """Remember that somebody was let in."""
        self._known.pop((address, name), None)
        self._known[address, name] = None
        if len(self._known) > KNOWN_MOST:
            del self._known[next(iter(self._known))]


LOGIN_THROTTLE = web.AppKey("login_throttle", LoginThrottle)


async def show(request: web.Request) -> web.Response:
    """Answer GET /operator/login; where there is no account yet it says how to make one."""
    return await _form(request, request.query.get("next", ""))


async def sign_in(request: web.Request) -> web.StreamResponse:
    """Answer POST /operator/login; the browser gets a new token, whatever it had."""
    form = await read_form(request)
    name, password, wanted = (
        form.get(field, "")[:_FIELD_MOST] for field in ("name", "password", "next")
    )
    throttle, address = request.app[LOGIN_THROTTLE], client_network(request)
    if not throttle.allows(address, folded(name)):
        response = await _form(request, wanted, name, "too_many_requests", 429)
        response.headers["Retry-After"] = "60"
        return response
    accounts = request.app[CONTEXT].accounts
    token = await accounts.sign_in(name, password, token_of(request))
    if token is None:
        return await _form(request, wanted, name, "wrong_password", 403)
    throttle.knows(address, folded(name))
    response = see_other(_within(wanted))
    give(request, response, token)
    return response


async def sign_out(request: web.Request) -> web.StreamResponse:
    """Answer POST /operator/logout."""
    if token := token_of(request):
        await request.app[CONTEXT].accounts.sign_out(token)
    response = see_other(LOGIN)
    take_back(request, response)
    return response


async def _form(
    request: web.Request, wanted: str, name: str = "", fault: str = "", status: int = 200
) -> web.Response:
    told = {
        "wanted": _within(wanted),
        "name": name,
        "fault": fault,
        "command": _COMMAND % (folded(name) or "claire"),
        "nobody": not await request.app[CONTEXT].accounts.exist(),
    }
    return render(request, "login.html", told, status, address=LOGIN)


def _within(path: str) -> str:
    """Return where to go on: within the operator's pages, and nowhere else."""
    inside = path == PREFIX or path.startswith((f"{PREFIX}/", f"{PREFIX}?"))
    plain = path.isprintable() and "\\" not in path and path != LOGIN
    return path if inside and plain else PREFIX
