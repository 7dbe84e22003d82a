from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from tests.stateful import dice
from tests.stateful.world import World


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """A world in which nothing has happened."""
    with capture_logs() as logged, dice.loaded():
        world = await World.begin(logged)
        try:
            yield world
        finally:
            await world.end()
