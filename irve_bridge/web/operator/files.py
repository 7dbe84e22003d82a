"""Long files, written as they are read: neither side ever holds all of one."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

import structlog
from aiohttp import ClientConnectionResetError, web

log = structlog.get_logger()


async def send(
    request: web.Request, name: str, content_type: str, parts: AsyncGenerator[bytes]
) -> web.StreamResponse:
    """Send a file to be kept. Where reading it fails it is cut off, so that nobody trusts it."""
    response = web.StreamResponse()
    response.content_type = content_type
    response.charset = "utf-8"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    await response.prepare(request)
    if request.method == "HEAD":
        return response
    try:
        async with aclosing(parts):
            async for part in parts:
                await response.write(part)
        await response.write_eof()
    except ClientConnectionResetError:
        log.info("file_not_wanted", name=name)
    except Exception:
        log.exception("file_cut_off", name=name)
        if request.transport is not None:
            request.transport.abort()
    return response
