"""Anything may happen in any order: the driver pays what the meter says, exactly once."""

import os

import pytest
from hypothesis import HealthCheck, Phase, settings

from tests.stateful.machine import Everything

# To make a failing story shorter takes minutes: the quick profile tells it as it was found.
QUICK_PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"

Everything.TestCase.settings = settings(
    settings.default,
    max_examples=1000 if LONG else 20,
    stateful_step_count=50 if LONG else 25,
    phases=tuple(Phase) if LONG else QUICK_PHASES,
    suppress_health_check=list(HealthCheck),
    derandomize=not LONG,
)
TestEverything = pytest.mark.timeout(7200 if LONG else 120)(Everything.TestCase)
