"""The fixtures of the charge points' door."""

from tests.integration.charge_points.conftest import (
    clock,
    house,
    logs,
    open_socket,
    raw,
    registered,
    settings,
    silent,
    storage,
)

__all__ = [
    "clock",
    "house",
    "logs",
    "open_socket",
    "raw",
    "registered",
    "settings",
    "silent",
    "storage",
]
