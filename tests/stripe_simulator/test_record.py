"""The recorder: what Stripe answers, written down so that two servers can be compared."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from simulators.stripe.record import arguments, main
from simulators.stripe.transcript import Names, normalised
from tests.stripe_simulator.conftest import Simulator


async def record(simulator: Simulator, *options: str) -> int:
    command = ["--api-key", "sk_test_1", "--api-base", simulator.url, "--settle-s", "0", *options]
    return await asyncio.to_thread(main, command)


async def test_the_same_server_says_the_same_twice_and_a_difference_is_shown(
    simulator: Simulator, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "kept.json"
    assert await record(simulator, "--out", str(kept)) == 0
    assert await record(simulator, "--against", str(kept)) == 0
    assert capsys.readouterr().out == "no difference\n"
    kept.write_text(kept.read_text().replace('"pending_reason": "processing"', '"odd": 1', 1))
    assert await record(simulator, "--against", str(kept)) == 1
    shown = capsys.readouterr().out
    changed = [line.split() for line in shown.splitlines() if line.startswith(("-  ", "+  "))]
    assert changed == [["-", '"odd":', "1,"], ["+", '"pending_reason":', '"processing",']]


async def test_a_transcript_holds_what_the_bridge_relies_on(
    simulator: Simulator, tmp_path: Path
) -> None:
    out = tmp_path / "transcript.json"
    await record(simulator, "--out", str(out))
    exchanges: list[dict[str, Any]] = json.loads(out.read_text())
    said = [each for each in exchanges if "request" in each]

    def answers(scenario: str, part: str) -> list[Any]:
        return [
            each["status"]
            for each in said
            if each["scenario"] == scenario and part in each["request"]
        ]

    assert answers("fixed", "POST /v1/refunds") == [200, 400, 200, 400]
    assert answers("estimated", "/capture") == [400, 400, 200, 400]
    assert answers("declined_off_session", "/confirm") == [402, 400, 200]
    assert answers("repeated", "POST /v1/payment_intents") == [200, 200, 400, 402, 402, 400, 200]
    assert [each["replayed"] for each in said if each["scenario"] == "repeated"] == [
        False,
        True,
        False,
        False,
        True,
        False,
        False,
    ]
    events = {each["scenario"]: each["events"] for each in exchanges if "events" in each}
    assert events["released"] == [
        "charge.refunded",
        "charge.succeeded",
        "payment_intent.amount_capturable_updated",
        "payment_intent.canceled",
        "payment_intent.created",
        "refund.created",
    ]
    assert "sk_test" not in out.read_text()


def test_what_differs_every_time_is_left_out() -> None:
    """A name keeps its number wherever it stands, so that relations can still be compared."""
    names = Names("run-1")
    first = {
        "id": "pi_abcdefgh1",
        "created": 1_700_000_000,
        "amount": 1234,
        "client_secret": "pi_abcdefgh1_secret_x",
        "receipt_url": None,
        "message": "No such pi_abcdefgh1, pi_abcdefgh2; key run-1-a",
        "request_log_url": "https://dashboard.example",
    }
    assert normalised(first, names) == {
        "id": "<pi 1>",
        "created": "T",
        "amount": 1234,
        "client_secret": "<set>",
        "receipt_url": None,
        "message": "No such <pi 1>, <pi 2>; key <run>-a",
    }


@pytest.mark.parametrize(
    "options",
    [
        ["--api-key", "sk_live_1", "--out", "x"],
        ["--api-key", "rk_live_1", "--out", "x"],
        ["--api-key", "sk_test_1"],
        ["--out", "x"],
    ],
)
def test_live_keys_and_useless_runs_are_refused(
    options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        arguments(options)
    assert ended.value.code == 2
    assert "--" in capsys.readouterr().err
