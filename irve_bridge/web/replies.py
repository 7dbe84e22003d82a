"""Idempotency-Key: the same request under the same key is answered once and the same.

Only answers to what was done are kept; a refusal changed nothing, so the key may be used again.
"""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from weakref import WeakValueDictionary

from aiohttp import web

from irve_bridge.service.ports import BEGUN, StoredReply, Tx
from irve_bridge.web.context import CONTEXT
from irve_bridge.web.refusals import RequestRefused

HEADER = "Idempotency-Key"
KEY_LENGTH_MOST = 255
ASK_AGAIN_S = 0.2


@dataclass(frozen=True, slots=True)
class Reply:
    """What a request is answered: a status and a JSON document."""

    status: int
    document: Mapping[str, Any]

    def response(self) -> web.Response:
        """Return it as JSON."""
        return web.json_response(self.document, status=self.status)


class InFlight:
    """One lock per key, so that a repeat waits for the first and then gets its answer.

    Where another node is about to answer, the storage knows.
    """

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def lock(self, key: str) -> asyncio.Lock:
        """Return the lock of this key."""
        return self._locks.setdefault(key, asyncio.Lock())


IN_FLIGHT = web.AppKey("in_flight", InFlight)


async def once(
    request: web.Request,
    caller: str,
    body: str,
    act: Callable[[], Awaitable[Reply]],
    key: str | None = None,
) -> Reply:
    """Act, or return what the same caller's same request was answered under the same key.

    `key` is taken where the request has no header: a form carries its own.

    Raises:
        RequestRefused: 422, the key was used for another request.
    """
    shown = request.headers.get(HEADER, "")
    if len(shown) > KEY_LENGTH_MOST:
        raise RequestRefused(422, "invalid", f"{HEADER} is longer than 255 characters.", HEADER)
    key = shown or key
    if not key:
        return await act()
    scoped = _digest(request.method, request.path, caller, key)
    async with request.app[IN_FLIGHT].lock(scoped):
        if answered := await _begin(request, scoped, _digest(body)):
            return answered
        try:
            reply = await act()
        except BaseException:
            await request.app[CONTEXT].storage.transact(lambda tx: tx.replies.withdraw(scoped))
            raise
        return await _store(request, scoped, _digest(body), reply)


async def _begin(request: web.Request, key: str, fingerprint: str) -> Reply | None:
    """Return what another request was answered, as soon as it is; None to act."""
    context = request.app[CONTEXT]
    begun = StoredReply(fingerprint, BEGUN, context.node_id)
    begin = partial(_begin_in, key=key, begun=begun, at=context.clock.now())
    while True:
        stored = await context.storage.transact(begin)
        if stored is None:
            return None
        if stored.fingerprint != fingerprint:
            raise RequestRefused(
                422,
                "idempotency_key_reused",
                f"This {HEADER} was used for another request.",
                HEADER,
            )
        if stored.status != BEGUN:
            return Reply(stored.status, json.loads(stored.body))
        await asyncio.sleep(ASK_AGAIN_S)


def _begin_in(tx: Tx, key: str, begun: StoredReply, at: datetime) -> StoredReply | None:
    return tx.replies.begin(key, begun, at)


async def _store(request: web.Request, key: str, fingerprint: str, reply: Reply) -> Reply:
    context = request.app[CONTEXT]
    stored = StoredReply(fingerprint, reply.status, json.dumps(reply.document))
    await context.storage.transact(lambda tx: tx.replies.put(key, stored, context.clock.now()))
    return reply


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode(errors="surrogateescape")).hexdigest()
