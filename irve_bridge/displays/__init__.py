"""The displays of charge points: prices, running and final costs, and codes that change."""

from irve_bridge.displays.costs import CostDisplays
from irve_bridge.displays.outbox import Outbox

__all__ = ["CostDisplays", "Outbox"]
