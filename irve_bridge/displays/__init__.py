"""The displays of charge points: prices, running and final costs, and codes that change."""

from irve_bridge.displays.codes import CodeDisplays
from irve_bridge.displays.costs import CostDisplays
from irve_bridge.displays.outbox import Outbox

__all__ = ["CodeDisplays", "CostDisplays", "Outbox"]
