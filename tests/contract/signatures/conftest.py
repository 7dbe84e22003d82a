"""Every verifier keeps the same promises: a new one joins by one more parameter."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from ocpp.v16.enums import ReadingContext

from irve_bridge.service.ports import SignatureVerifier
from irve_bridge.signatures import OcmfVerifier
from simulators.charge_point.events import Reading, Transaction
from simulators.charge_point.meter import SigningMeter

T0 = datetime(2026, 5, 4, 12, 30, 15, 123000, tzinfo=UTC)


@pytest.fixture(params=[OcmfVerifier])
def verifier(request: pytest.FixtureRequest) -> SignatureVerifier:
    made: SignatureVerifier = request.param()
    return made


@pytest.fixture
def meter() -> SigningMeter:
    return SigningMeter("CP1", Random(1))


@pytest.fixture
def signed(meter: SigningMeter) -> Callable[..., str]:
    """Sign the begin at 1 234 500 Wh, or the end at another register."""

    def sign(end_wh: int | None = None, *, badly: bool = False) -> str:
        begin = Reading(T0, 1_234_500, 0, None)
        transaction = Transaction(1, "TAG", begin, 0)
        if end_wh is None:
            return meter.sign(transaction, begin, ReadingContext.transaction_begin, badly=badly)
        end = Reading(T0 + timedelta(hours=1), end_wh, 0, None)
        return meter.sign(transaction, end, ReadingContext.transaction_end, badly=badly)

    return sign
