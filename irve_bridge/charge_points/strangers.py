"""Identities that are not registered and knock all the same: listed for whoever may adopt them."""

import re

from websockets.http11 import Request

from irve_bridge.service.ports import Clock, Storage

REGISTRABLE = re.compile(r"[\w*.:+-]+( [\w*.:+-]+)*")
"""What the stations file takes for an identity; anything else cannot be adopted."""
AGENT_CHARACTERS = 200


class Strangers:
    """Writes down who was turned away."""

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock

    async def note(self, name: str, address: str, request: Request) -> None:
        """Write down one handshake of an unknown identity."""
        if not REGISTRABLE.fullmatch(name):
            return
        agent = " ".join(request.headers.get_all("User-Agent"))[:AGENT_CHARACTERS]
        now = self._clock.now()
        await self._storage.transact(lambda tx: tx.strangers.seen(name, address, agent, now))
