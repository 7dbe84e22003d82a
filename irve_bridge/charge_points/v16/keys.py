"""A new key or security profile for a charge point, and what its answer means for its next login.

OCPP 1.6 security whitepaper A01 and A05.
"""

import asyncio
from typing import Any

import structlog
from ocpp.v16.enums import ConfigurationStatus

from irve_bridge.charge_points.v16.calls import (
    Ask,
    CallInvalid,
    CallRefused,
    TooManyCalls,
)
from irve_bridge.charge_points.v16.schema import Payload
from irve_bridge.domain import credentials
from irve_bridge.domain.charge_point import SecurityProfile
from irve_bridge.service.credentials import Change, change
from irve_bridge.service.passwords import authorization_key, hash_password
from irve_bridge.service.ports import Storage

TAKEN = frozenset({ConfigurationStatus.accepted, ConfigurationStatus.reboot_required})
REFUSED = frozenset({ConfigurationStatus.rejected, ConfigurationStatus.not_supported})

log = structlog.get_logger()


class Keys:
    """Passes calls on to a charge point and remembers what it was told of its credentials."""

    def __init__(self, charge_point_id: str, ask: Ask, storage: Storage) -> None:
        self._id = charge_point_id
        self._ask = ask
        self._storage = storage
        self._turn = asyncio.Lock()

    async def ask(self, action: str, payload: Payload) -> dict[str, Any]:
        """Call the charge point, as `Calls.ask` does.

        Raises:
            CallInvalid: Also for a key or profile that must not be sent; and what `Calls.ask` does.
        """
        if action == "ChangeConfiguration":
            match str(payload.get("key")).casefold():
                case "authorizationkey":
                    async with self._turn:
                        return await self._rotate(payload)
                case "securityprofile":
                    return await self._raise(payload)
        return await self._ask(action, payload)

    async def _rotate(self, payload: Payload) -> dict[str, Any]:
        """Send a key that is stored already: it may be taken although no answer comes."""
        text = str(payload.get("value"))
        if authorization_key(text) is None:
            raise CallInvalid("an AuthorizationKey is 16 to 20 bytes, as 32 to 40 hex digits")
        key = hash_password(text)
        await self._change(lambda point: credentials.key_sent(point, key))
        try:
            answer = await self._ask("ChangeConfiguration", payload)
        except (CallInvalid, CallRefused, TooManyCalls):
            await self._change(lambda point: credentials.key_refused(point, key))
            raise
        status = str(answer.get("status"))
        log.info("authorization key sent", status=status)
        if status == ConfigurationStatus.accepted:
            await self._change(lambda point: credentials.key_taken(point, key))
        elif status == ConfigurationStatus.reboot_required:
            await self._change(lambda point: credentials.key_taken_after_reboot(point, key))
        elif status in REFUSED:
            await self._change(lambda point: credentials.key_refused(point, key))
        return answer

    async def _raise(self, payload: Payload) -> dict[str, Any]:
        try:
            profile = SecurityProfile(int(str(payload.get("value"))))
        except ValueError as error:
            raise CallInvalid("a SecurityProfile is 1, 2 or 3") from error
        point = await self._storage.read(lambda tx: tx.stations.charge_point(self._id))
        if point is not None and profile < point.security_profile:
            raise CallInvalid(f"the SecurityProfile is {point.security_profile}, never lowered")
        answer = await self._ask("ChangeConfiguration", payload)
        status = str(answer.get("status"))
        log.info("security profile sent", profile=int(profile), status=status)
        if status in TAKEN:
            await self._change(lambda point: credentials.profile_taken(point, profile))
        return answer

    async def _change(self, how: Change) -> None:
        await self._storage.transact(lambda tx: change(tx, self._id, how))
