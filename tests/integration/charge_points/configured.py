"""A charge point with a configuration, and what the bridge learns of it."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from irve_bridge.domain.configuration import ConfigurationKey

BOOT = {"chargePointVendor": "V", "chargePointModel": "M"}
REGISTER = "Energy.Active.Import.Register"
POWER, SOC = "Power.Active.Import", "SoC"
RIGHT = {
    "MeterValueSampleInterval": "15",
    "HeartbeatInterval": "300",
    "ConnectionTimeOut": "45",
    "TransactionMessageAttempts": "8",
    "TransactionMessageRetryInterval": "30",
    "StopTransactionOnInvalidId": "TRUE",
    "AllowOfflineTxForUnknownId": "false",
    "AuthorizeRemoteTxRequests": "false",
    "WebSocketPingInterval": "60",
    "MeterValuesSampledData": f"Voltage.L1,{SOC},{POWER},{REGISTER}",
    "StopTxnSampledData": REGISTER,
    "SupportedFeatureProfiles": "Core, reservation",
    "LightIntensity": "50",
}
"""What needs no change; the operator listed a measurand of their own."""


@dataclass
class Configured:
    """A charge point with a configuration, which it tells and lets be set."""

    keys: dict[str, Any]
    readonly: frozenset[str] = frozenset()
    refuses: dict[str, str] = field(default_factory=dict)
    supported: frozenset[str] | None = None
    most_measurands: int = 99
    most_keys: int | None = None
    whole: bool = True
    asked: list[list[str]] = field(default_factory=list)
    changes: list[tuple[str, str]] = field(default_factory=list)

    async def serve(self, raw: Any) -> None:
        while True:
            unique_id, action, payload = await raw.calls.get()
            await raw.send([3, unique_id, self.answer(action, payload)])

    def answer(self, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        if action == "GetConfiguration":
            return self.told(payload.get("key", []))
        if action == "ChangeConfiguration":
            self.changes.append((payload["key"], payload["value"]))
            return {"status": self.changed(payload["key"], payload["value"])}
        return {"status": "Rejected"}

    def told(self, keys: list[str]) -> dict[str, Any]:
        self.asked.append(keys)
        if not keys and not self.whole:
            return {"configurationKey": []}
        assert self.most_keys is None or len(keys) <= self.most_keys
        wanted = keys or list(self.keys)[: self.most_keys]
        return {
            "configurationKey": [
                {"key": key, "readonly": key in self.readonly, "value": self.keys[key]}
                for key in wanted
                if key in self.keys
            ],
            "unknownKey": [key for key in wanted if key not in self.keys],
        }

    def changed(self, key: str, value: str) -> str:
        if key in self.refuses:
            return self.refuses[key]
        if key not in self.keys:
            return "NotSupported"
        if key == "MeterValuesSampledData":
            listed = value.split(",")
            unknown = self.supported is not None and not set(listed) <= self.supported
            if unknown or len(listed) > self.most_measurands:
                return "Rejected"
        self.keys[key] = value
        return "Accepted"


async def greeted(house: Any, raw: Any, point: Configured) -> dict[str, ConfigurationKey]:
    """Boot, and return what the bridge remembers once it asks for a status: then it is through."""
    await raw.confirmed("BootNotification", BOOT)
    return await through(house, raw, point)


async def through(house: Any, raw: Any, point: Configured) -> dict[str, ConfigurationKey]:
    done = asyncio.Event()
    answer = point.answer

    def watched(action: str, payload: dict[str, Any]) -> dict[str, Any]:
        if action == "TriggerMessage":
            done.set()
        return answer(action, payload)

    point.answer = watched  # type: ignore[method-assign]
    serving = asyncio.create_task(point.serve(raw))
    async with asyncio.timeout(30):
        await done.wait()
    serving.cancel()
    known = await house.storage.read(lambda tx: tx.configuration.of("CP1"))
    return {key.key: key for key in known}
