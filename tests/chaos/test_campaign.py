"""A campaign in small: the bridge is killed at random instants under load, and nobody is wronged.

`make chaos` is the same in large. SEED repeats the dice of a failure.
"""

import os
import random
from pathlib import Path

import pytest

from tests.chaos.campaign import run

KILLS = 8


@pytest.mark.timeout(600)
async def test_killed_at_random_instants(tmp_path: Path) -> None:
    seed = int(os.environ.get("SEED") or random.SystemRandom().randrange(10**6))
    result = await run(int(os.environ.get("KILLS") or KILLS), seed, tmp_path)
    story = "\n".join([f"SEED={seed}, see {tmp_path}", *result.sentences])
    assert not result.violations, story
    assert result.figures["settled"] > 0, "nothing was charged: the campaign tried nothing"
