"""How a socket is closed, whatever the charge point does."""

import asyncio
from contextlib import suppress

from websockets.asyncio.server import Server, ServerConnection
from websockets.frames import CloseCode


async def hang_up(socket: ServerConnection, code: CloseCode, reason: str = "") -> None:
    """Close a socket within its close timeout.

    The library begins to count only once the closing frame is written, and to who reads nothing,
    with a buffer full of what was said before, it never is.
    """
    try:
        async with asyncio.timeout(socket.close_timeout):
            await socket.close(code, reason)
    except TimeoutError:
        socket.transport.abort()


async def close_all(server: Server, timeout_s: float) -> None:
    """Listen no more, and have every charge point connect anew, within the timeout."""
    sockets = server.connections
    server.close(code=CloseCode.SERVICE_RESTART, reason="connect anew")
    with suppress(TimeoutError):
        async with asyncio.timeout(timeout_s):
            await server.wait_closed()
    for socket in sockets:
        socket.transport.abort()
