"""Every bus keeps the same promises: another one joins by a parameter here."""

import pytest

from irve_bridge.bus.in_process import InProcessBus
from irve_bridge.service.ports import Bus


@pytest.fixture(params=["in_process"])
async def bus(request: pytest.FixtureRequest) -> Bus:
    return {"in_process": InProcessBus}[request.param]()
