"""Stripe's own command line speaks to the simulator: every trigger does what it is for."""

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from tests.stripe_simulator.conftest import Receiver, Simulator

STRIPE = Path(__file__).parents[2] / "node_modules" / "@stripe"


async def trigger(event: str, simulator: Simulator, home: Path) -> tuple[int | None, str]:
    """Run ``stripe trigger`` and return its exit status and what it said."""
    binary = next(STRIPE.glob("cli-*/bin/stripe"), None)
    assert binary, "make setup-test brings Stripe's command line"
    process = await asyncio.create_subprocess_exec(
        str(binary),
        *("trigger", event, "--api-base", simulator.url, "--api-key", "sk_test_123456789012"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=os.environ
        | {"HOME": str(home), "XDG_CONFIG_HOME": str(home), "STRIPE_CLI_TELEMETRY_OPTOUT": "1"},
    )
    async with asyncio.timeout(30):
        output, _ = await process.communicate()
    return process.returncode, output.decode()


TRIGGERS = {
    "charge.captured": {"captured": True, "status": "succeeded", "amount_captured": 2000},
    "charge.dispute.closed": {"object": "dispute", "status": "warning_closed"},
    "charge.dispute.created": {"object": "dispute", "status": "warning_needs_response"},
    "charge.dispute.updated": {"object": "dispute", "metadata": {"foo": "bar"}},
    "charge.failed": {"status": "failed", "failure_code": "card_declined"},
    "charge.refund.updated": {"object": "refund", "status": "succeeded"},
    "charge.refunded": {"refunded": True, "amount_refunded": 100},
    "charge.succeeded": {"status": "succeeded", "captured": True},
    "checkout.session.completed": {"status": "complete", "payment_status": "paid"},
    "checkout.session.expired": {"status": "expired"},
    "customer.created": {"object": "customer"},
    "customer.deleted": {"object": "customer"},
    "payment_intent.amount_capturable_updated": {
        "status": "requires_capture",
        "amount_capturable": 2000,
    },
    "payment_intent.canceled": {"status": "canceled"},
    "payment_intent.created": {"object": "payment_intent"},
    "payment_intent.payment_failed": {"status": "requires_payment_method"},
    "payment_intent.requires_action": {"status": "requires_action"},
    "payment_intent.succeeded": {"status": "succeeded", "amount_received": 2000},
    "payment_method.attached": {"object": "payment_method"},
    "payment_method.detached": {"object": "payment_method", "customer": None},
    "setup_intent.canceled": {"status": "canceled"},
    "setup_intent.created": {"object": "setup_intent"},
    "setup_intent.requires_action": {"status": "requires_action"},
    "setup_intent.setup_failed": {"status": "requires_payment_method"},
    "setup_intent.succeeded": {"status": "succeeded"},
}


@pytest.mark.parametrize("event", TRIGGERS)
async def test_a_trigger_emits_its_event(
    simulator: Simulator, receiver: Receiver, tmp_path: Path, event: str
) -> None:
    """The receiver verifies each signature; every answer and event is checked as it passes."""
    status, said = await trigger(event, simulator, tmp_path)
    assert status == 0, said
    about: dict[str, Any] = (await receiver.wait_for(event))["data"]["object"]
    expected = TRIGGERS[event]
    assert {name: about[name] for name in expected} == expected


async def test_a_trigger_that_is_not_simulated_fails(simulator: Simulator, tmp_path: Path) -> None:
    status, said = await trigger("invoice.created", simulator, tmp_path)
    assert status != 0
    assert "Unrecognized request URL" in said
