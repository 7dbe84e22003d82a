"""A display: what the central system told it to show, as DataTransfer messages."""

import json
from dataclasses import dataclass, field
from typing import Any

from ocpp.v16.enums import DataTransferStatus

from .configuration import Configuration

COSTS = "org.openchargealliance.costmsg"
COST_MESSAGES = frozenset({"SetUserPrice", "RunningCost", "FinalCost"})
CODES = "com.example.display"


@dataclass(frozen=True, slots=True)
class Shown:
    """One message, its data decoded."""

    message_id: str
    data: dict[str, Any]


@dataclass(slots=True)
class Display:
    """Shows costs where `CustomDisplayCostAndPrice` is true, and codes sent as `ShowQrCode`."""

    configuration: Configuration
    shown: list[Shown] = field(default_factory=list)

    def told(self, message_id: str) -> list[dict[str, Any]]:
        """Return what was told by one kind of message, in order."""
        return [shown.data for shown in self.shown if shown.message_id == message_id]

    def take(self, vendor_id: str, message_id: str, data: str) -> DataTransferStatus:
        """Show a message, and return the answer to it (OCPP 1.6 ed. 2 §5.6)."""
        shows_costs = self.configuration.flag("CustomDisplayCostAndPrice")
        if vendor_id not in {CODES, *({COSTS} if shows_costs else ())}:
            return DataTransferStatus.unknown_vendor_id
        if message_id not in (COST_MESSAGES if vendor_id == COSTS else {"ShowQrCode"}):
            return DataTransferStatus.unknown_message_id
        self.shown.append(Shown(message_id, json.loads(data)))
        return DataTransferStatus.accepted
