"""What can be seen of the bridge from outside: logs, metrics, traces."""

from irve_bridge.telemetry.logs import MASK, configure

__all__ = ["MASK", "configure"]
