"""What Stripe could not charge is refused before anything is stored or asked of it."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.integration.test_operators import example, stations_file
from tests.integration.world import world

ANY = {"dynamic_ceiling_minor": 90_000, "fixed_least_minor": 1, "fixed_most_minor": 2_000_000}
FIXED = {"payment_type": "fixed"}


@pytest.mark.parametrize(
    ("currency", "settings", "order", "bounds"),
    [
        ("EUR", {"fixed_least_minor": "1"}, FIXED | {"amount": 49}, "between 50 and 20000 "),
        (
            "EUR",
            {"dynamic_ceiling_minor": "100000000"},
            {"payment_type": "dynamic"},
            "between 50 and 99999999 ",
        ),
        ("ISK", {}, FIXED | {"amount": 1_000_000}, "between 5000 and 999999 "),
        (
            "EUR",
            {},
            {"payment_type": "estimated", "energy_kwh": 0.1},
            "between 50 and 20000 ",
        ),
        ("KWD", {}, FIXED | {"amount": 10_005}, "between 500 and 2000000 in steps of 10 "),
        ("KWD", {}, FIXED | {"amount": 490}, "between 500 and 2000000 in steps of 10 "),
    ],
)
async def test_an_amount_that_stripe_cannot_charge_opens_nothing(
    tmp_path: Path, currency: str, settings: dict[str, str], order: dict[str, Any], bounds: str
) -> None:
    """Whatever the operator allows: the answer says between what to choose."""
    file = stations_file(tmp_path, example() | {"currency": currency})
    own = json.dumps({"KWD": ANY, "ISK": ANY})
    async with (
        world(tmp_path, stations_file=file, amounts_by_currency=own, **settings) as w,
        w.charge_point() as cp,
    ):
        await cp.wait_until_online()
        asked = len(w.asked_of_stripe)
        body = {"charge_point_id": "CP1", "connector_id": 1} | order
        status, answer = await w.post("/api/create-payment", body)
        assert (status, answer["error"]["code"]) == (422, "amount_refused")
        assert answer["error"]["message"] == (
            f"The amount must be {bounds}(minor units of {currency})."
        )
        assert w.bridge is not None
        assert await w.bridge.storage.read(lambda tx: tx.sessions.search()) == []
        assert w.asked_of_stripe[asked:] == []
