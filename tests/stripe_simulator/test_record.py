"""The recorder: what Stripe answers, written down so that two servers can be compared."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import stripe
from aiohttp import ClientSession

from simulators.stripe.record import Recorder, arguments, main
from simulators.stripe.scenarios import CONFIRM, PAY
from simulators.stripe.transcript import Names, normalised
from tests.stripe_simulator.conftest import Simulator


async def record(simulator: Simulator, *options: str) -> int:
    command = ["--api-key", "sk_test_1", "--api-base", simulator.url, "--settle-s", "0", *options]
    return await asyncio.to_thread(main, command)


async def test_the_same_server_says_the_same_twice_and_a_difference_is_shown(
    simulator: Simulator, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "kept.json"
    fees = ("--account", "acct_operator")
    assert await record(simulator, "--out", str(kept), *fees) == 0
    assert await record(simulator, "--against", str(kept), *fees) == 0
    assert capsys.readouterr().out == "no difference\n"
    kept.write_text(kept.read_text().replace('"pending_reason": "processing"', '"odd": 1', 1))
    assert await record(simulator, "--against", str(kept), *fees) == 1
    shown = capsys.readouterr().out
    changed = [line.split() for line in shown.splitlines() if line.startswith(("-  ", "+  "))]
    assert changed == [["-", '"odd":', "1,"], ["+", '"pending_reason":', '"processing",']]


Exchange = dict[str, Any]


async def transcript(simulator: Simulator, folder: Path, *options: str) -> list[Exchange]:
    """Return a new transcript of every scenario."""
    out = folder / "transcript.json"
    await record(simulator, "--out", str(out), *options)
    assert "sk_test" not in out.read_text()
    exchanges: list[Exchange] = json.loads(out.read_text())
    return exchanges


def conversation(exchanges: list[Exchange], scenario: str, part: str) -> list[Exchange]:
    """Return what a scenario said with such a request."""
    said = [each for each in exchanges if "request" in each and part in each["request"]]
    return [each for each in said if each["scenario"] == scenario]


def statuses(exchanges: list[Exchange], scenario: str, part: str) -> list[int]:
    return [each["status"] for each in conversation(exchanges, scenario, part)]


def events(exchanges: list[Exchange], scenario: str) -> list[str]:
    found: list[str] = next(
        each["events"] for each in exchanges if "events" in each and each["scenario"] == scenario
    )
    return found


async def test_a_transcript_holds_what_the_bridge_relies_on(
    simulator: Simulator, tmp_path: Path
) -> None:
    said = await transcript(simulator, tmp_path)
    assert statuses(said, "fixed", "POST /v1/refunds") == [200, 400, 200, 400]
    assert statuses(said, "estimated", "/capture") == [400, 400, 200, 400]
    assert statuses(said, "declined_off_session", "/confirm") == [402, 400, 200]
    assert statuses(said, "insufficient_funds_off_session", "/confirm") == [402, 200]
    tries = statuses(said, "repeated", "POST /v1/payment_intents")
    assert tries == [200, 200, 400, 402, 402, 400, 200]
    assert [each["replayed"] for each in conversation(said, "repeated", "")] == [
        False,
        True,
        False,
        False,
        True,
        False,
        False,
    ]
    assert events(said, "released") == [
        "charge.refunded",
        "charge.succeeded",
        "payment_intent.amount_capturable_updated",
        "payment_intent.canceled",
        "payment_intent.created",
        "refund.created",
    ]


async def test_what_comes_later_is_waited_for_and_written_down_once(
    simulator: Simulator, tmp_path: Path
) -> None:
    """A refund that fails, and disputes from their opening to what can be refunded after them."""
    said = await transcript(simulator, tmp_path)
    (failed,) = conversation(said, "failed_refund", "GET /v1/refunds/")
    assert failed["body"]["status"] == "failed"
    assert "refund.failed" in events(said, "failed_refund")
    for scenario, verdict, refunds in (
        ("dispute_won", "won", [400, 200]),
        ("dispute_lost", "lost", [400]),
        ("inquiry", "warning_closed", [200]),
    ):
        (opened,) = conversation(said, scenario, "GET /v1/disputes")[:1]
        assert len(opened["body"]["data"]) == 1
        (decided,) = conversation(said, scenario, "GET /v1/disputes/")
        assert decided["body"]["status"] == verdict
        assert statuses(said, scenario, "POST /v1/refunds") == refunds
        assert "charge.dispute.closed" in events(said, scenario)


async def test_only_the_answer_that_was_waited_for_is_written_down(simulator: Simulator) -> None:
    """How often one has to ask differs from server to server and means nothing."""
    await simulator.control("refunds", {"mode": "pending", "times": 1})
    seen: list[str] = []
    async with asyncio.TaskGroup() as others, speaking(simulator) as recorder:
        paid = await recorder.post("/v1/payment_intents", PAY | CONFIRM)
        refund = await recorder.post("/v1/refunds", {"payment_intent": paid["id"]})

        def failed(found: dict[str, Any]) -> bool:
            if not seen:
                settle = f"refunds/{refund['id']}/settle"
                others.create_task(simulator.control(settle, {"status": "failed"}))
            seen.append(found["status"])
            return found["status"] == "failed"

        await recorder.until(f"/v1/refunds/{refund['id']}", failed)
    assert seen == ["pending", "failed"]
    (written,) = recorder.exchanges[2:]
    assert written["body"]["status"] == "failed"


@asynccontextmanager
async def speaking(simulator: Simulator) -> AsyncIterator[Recorder]:
    """A recorder that a test leads through a conversation of its own."""
    headers = {"Authorization": "Bearer sk_test_1", "Stripe-Version": stripe.api_version}
    async with ClientSession(simulator.url, headers=headers) as http:
        yield Recorder(http)


@pytest.mark.parametrize(
    ("features", "grown", "captured"),
    [({}, 400, [400, 200]), ({"incremental": True, "overcapture_percent": 20}, 200, [200, 400])],
    ids=["an account without", "an account with IC+ pricing"],
)
async def test_what_the_account_has_for_holds_is_asked_and_not_assumed(
    simulator: Simulator,
    tmp_path: Path,
    features: dict[str, Any],
    grown: int,
    captured: list[int],
) -> None:
    await simulator.control("features", features)
    said = await transcript(simulator, tmp_path)
    assert statuses(said, "growing_hold", "/increment_authorization") == [grown]
    assert statuses(said, "growing_hold", "/capture") == captured


async def test_fees_are_taken_of_a_connected_account_only(
    simulator: Simulator, tmp_path: Path
) -> None:
    """Whose fee it is says the platform: what went back of it is asked there."""
    alone = await transcript(simulator, tmp_path)
    assert {each.get("account") for each in alone} == {None}
    assert conversation(alone, "application_fee", "") == []
    (refused,) = conversation(alone, "limits", "POST /v1/payment_intents")[-1:]
    assert refused["body"]["error"]["param"] == "application_fee_amount"
    said = await transcript(simulator, tmp_path, "--account", "acct_operator")
    paid = conversation(said, "application_fee", "POST /v1/payment_intents")
    assert [(each["account"], each["status"]) for each in paid] == [
        ("<acct 1>", 200),
        ("<acct 1>", 200),
        ("<acct 1>", 400),
    ]
    assert statuses(said, "application_fee", "POST /v1/refunds") == [200, 200, 200, 400]
    fees = conversation(said, "application_fee", "GET /v1/application_fees")
    assert [fee["account"] for fee in fees] == [None] * 3
    assert [fee["body"]["data"][0]["amount_refunded"] for fee in fees] == [99, 99, 250]
    holds = conversation(said, "application_fee_of_a_hold", "GET /v1/charges")
    assert [charge["body"]["application_fee_amount"] for charge in holds] == [200, 25]
    assert {"application_fee.created", "payment_intent.succeeded"} <= {
        *events(said, "application_fee")
    }


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
        ["--api-key", "sk_test_1", "--out", "x", "--account", "operator"],
    ],
)
def test_live_keys_and_useless_runs_are_refused(
    options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        arguments(options)
    assert ended.value.code == 2
    assert "--" in capsys.readouterr().err
