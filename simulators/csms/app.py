"""The receiver's HTTP side."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web
from pydantic import BaseModel, Field, ValidationError

from .inbox import Inbox

INBOX = web.AppKey("inbox", Inbox)
CALLBACK_PATH = "/callbacks"
AUTHORIZE_PATH = "/authorize"


class Failure(BaseModel):
    """The body of ``POST /_sim/fail``."""

    status: int = Field(500, ge=200, le=599)
    times: int = Field(1, ge=0)


def create_app(secret: str, report: Callable[[str], None] = lambda _line: None) -> web.Application:
    """Return the receiver; its inbox is ``app[INBOX]``. Callbacks may be posted to any path."""
    app = web.Application()
    app[INBOX] = Inbox(secret, report)
    app.router.add_get(CALLBACK_PATH, _list)
    app.router.add_post("/_sim/fail", _fail)
    app.router.add_put("/_sim/id-tags", _know)
    app.router.add_post(AUTHORIZE_PATH, _authorize)
    app.router.add_post("/{path:.*}", _receive)
    return app


@asynccontextmanager
async def serve(
    secret: str,
    host: str = "127.0.0.1",
    port: int = 0,
    report: Callable[[str], None] = lambda _line: None,
) -> AsyncIterator[Inbox]:
    """Run the receiver; yields its inbox, whose ``url`` is where callbacks go."""
    app = create_app(secret, report)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        app[INBOX].url = f"http://{host}:{runner.addresses[0][1]}{CALLBACK_PATH}"
        yield app[INBOX]
    finally:
        await runner.cleanup()


async def _receive(request: web.Request) -> web.Response:
    status = await request.app[INBOX].receive(request.headers, await request.read())
    return web.Response(status=status)


async def _authorize(request: web.Request) -> web.Response:
    try:
        answer = request.app[INBOX].judge(request.headers, await request.read())
    except PermissionError as error:
        return web.json_response({"error": str(error)}, status=401)
    return web.json_response(answer, status=404 if answer is None else 200)


async def _know(request: web.Request) -> web.Response:
    """Take the answers that tags get from now on, by tag."""
    request.app[INBOX].id_tags = await request.json()
    return web.Response(status=204)


async def _list(request: web.Request) -> web.Response:
    callbacks = request.app[INBOX].received(session_id=request.query.get("session_id"))
    return web.json_response([callback.as_json() for callback in callbacks])


async def _fail(request: web.Request) -> web.Response:
    try:
        failure = Failure.model_validate_json(await request.read())
    except ValidationError as error:
        return web.json_response({"error": str(error)}, status=400)
    request.app[INBOX].fail(failure.status, failure.times)
    return web.json_response(failure.model_dump())
