"""A bank that wants its holder is given its holder: the very payment it refused, confirmed once."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from simulators.charge_point import ChargePoint
from tests.integration.test_debts import (
    AUTHENTICATED_EACH_TIME,
    DECLINED_LATER,
    Gate,
    checkout,
    due,
    payments,
)
from tests.integration.test_operators import ACCOUNT, example, stations_file
from tests.integration.world import PATIENCE_S, World, world

KEY = "pk_test_world"
CANCELLED = "POST /v1/payment_intents/*/cancel"


@dataclass
class Driver:
    """A driver on their page, whose browser does what Stripe.js does."""

    w: World
    page: str

    async def ask(self) -> tuple[int, Any]:
        """Ask for what confirms the payment; returns status and answer."""
        async with self.w.http.post(f"{self.page}/authenticate") as answer:
            assert answer.headers["Cache-Control"] == "no-store"
            assert "Access-Control-Allow-Origin" not in answer.headers
            return answer.status, await answer.json()

    async def confirm(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Confirm with the kept card; returns the payment, or the error."""
        form = {
            "key": KEY,
            "client_secret": asked["client_secret"],
            "payment_method": asked["payment_method"],
        } | ({"_stripe_account": asked["account"]} if asked["account"] else {})
        path = f"/v1/payment_intents/{payment_of(asked)}/confirm"
        async with self.w.http.post(self.w.stripe_url + path, data=form) as answer:
            confirmed: dict[str, Any] = await answer.json()
            return confirmed

    async def answer_bank(self, asked: dict[str, Any], outcome: str) -> None:
        """Tell the bank in its frame that it was us, or fail to."""
        url = f"{self.w.stripe_url}/authenticate/{payment_of(asked)}"
        async with self.w.http.post(url, data={"outcome": outcome}) as answer:
            answer.raise_for_status()

    async def come_back(self) -> str:
        """Return what the page says once the provider was looked at."""
        return await self.w.page(f"{self.page}/return")


def payment_of(asked: dict[str, Any]) -> str:
    return str(asked["client_secret"]).partition("_secret_")[0]


async def driver_of(w: World, session_id: str) -> Driver:
    assert w.bridge is not None
    session = await w.bridge.desk.session(session_id)
    return Driver(w, f"{w.url}/c/{session.token}")


async def asked_by_bank(w: World, cp: ChargePoint) -> tuple[dict[str, Any], Driver]:
    session = await due(w, cp, AUTHENTICATED_EACH_TIME)
    assert session["outcome"] == "authentication_required"
    return session, await driver_of(w, session["session_id"])


async def test_the_payment_that_was_refused_is_confirmed_and_is_the_only_one(
    tmp_path: Path,
) -> None:
    """The exact amount, and known on coming back, though no webhook may arrive."""
    async with world(tmp_path, stripe_public_key=KEY) as w, w.charge_point() as cp:
        session, driver = await asked_by_bank(w, cp)
        await w.stripe("POST", "/_sim/webhooks", mode="hold")
        status, asked = await driver.ask()
        assert status == 200
        assert (await driver.confirm(asked))["status"] == "requires_action"
        assert "<form" in await driver.come_back(), "nothing is paid yet"
        await driver.answer_bank(asked, "approve")
        assert "Merci" in await driver.come_back()
        paid = await w.until(session["session_id"], "settled")
        assert paid["amount"] == w.cost(cp.transactions[-1])
        (payment,) = await payments(w)
        assert payment["id"] == payment_of(asked)
        assert (await w.card(session["session_id"]))["charged"] == paid["amount"]
        assert (await driver.ask())[0] == 409
        told = await w.told(session["session_id"], "payment_succeeded")
        assert told.count("payment_succeeded") == 1


async def test_at_an_operator_s_own_account_it_is_confirmed_there(tmp_path: Path) -> None:
    """The account is told with the secret: by the platform's alone nothing is found."""
    stations = stations_file(tmp_path, example(), account=ACCOUNT)
    async with (
        world(tmp_path, stations_file=stations, stripe_public_key=KEY) as w,
        w.charge_point() as cp,
    ):
        session, driver = await asked_by_bank(w, cp)
        _, asked = await driver.ask()
        assert asked["account"] == ACCOUNT
        unknown = await driver.confirm(asked | {"account": None})
        assert unknown["error"]["code"] == "resource_missing"
        await driver.confirm(asked)
        await driver.answer_bank(asked, "approve")
        assert "Merci" in await driver.come_back()
        paid = await w.until(session["session_id"], "settled")
        assert (await w.card(session["session_id"]))["charged"] == paid["amount"]


async def test_whoever_does_not_convince_their_bank_may_try_again(tmp_path: Path) -> None:
    """The page says so, and the same payment can still be confirmed."""
    async with world(tmp_path, stripe_public_key=KEY) as w, w.charge_point() as cp:
        session, driver = await asked_by_bank(w, cp)
        _, asked = await driver.ask()
        await driver.confirm(asked)
        await driver.answer_bank(asked, "fail")
        assert "bien de vous" in await driver.come_back()
        failed = await w.session(session["session_id"])
        assert failed["outcome"] == "payment_intent_authentication_failure"
        status, again = await driver.ask()
        assert (status, again) == (200, asked)
        await driver.confirm(again)
        await driver.come_back()
        assert (await w.session(session["session_id"]))["outcome"] == failed["outcome"]
        await driver.answer_bank(again, "approve")
        await driver.come_back()
        paid = await w.until(session["session_id"], "settled")
        assert (await w.card(session["session_id"]))["charged"] == paid["amount"]


async def test_a_checkout_opened_meanwhile_leaves_nothing_to_confirm(tmp_path: Path) -> None:
    """The bank is asking when another card is chosen: that payment is cancelled first."""
    async with world(tmp_path, stripe_public_key=KEY) as w, w.charge_point() as cp:
        session, driver = await asked_by_bank(w, cp)
        _, asked = await driver.ask()
        await driver.confirm(asked)
        opened = await checkout(w, session["session_id"])
        await driver.answer_bank(asked, "approve")
        refused = await driver.confirm(asked)
        assert refused["error"]["payment_intent"]["status"] == "canceled"
        assert (await driver.ask())[0] == 409
        await w.pay(opened)
        paid = await w.until(session["session_id"], "settled")
        assert (await w.card(session["session_id"]))["charged"] == paid["amount"]
        assert sorted(each["status"] for each in await payments(w)) == ["canceled", "succeeded"]


async def test_confirmed_before_the_checkout_opened_it_opens_none(tmp_path: Path) -> None:
    """The driver's yes reaches Stripe just before our cancelling: what is paid cannot be again."""
    async with world(tmp_path, stripe_public_key=KEY) as w, w.charge_point() as cp:
        session, driver = await asked_by_bank(w, cp)
        _, asked = await driver.ask()
        await driver.confirm(asked)
        w.before_stripe = gate = Gate(CANCELLED)
        assert w.bridge is not None
        await w.bridge.desk.pay(session["session_id"])
        async with asyncio.timeout(PATIENCE_S):
            await gate.reached.wait()
        await driver.answer_bank(asked, "approve")
        gate.opened.set()
        paid = await w.until(session["session_id"], "settled")
        card = await w.card(session["session_id"])
        assert (card["charged"], card["refunded"]) == (paid["amount"], 0)
        assert [each["status"] for each in await payments(w)] == ["succeeded"]
        listed = await w.stripe_api("GET", "checkout/sessions?status=open")
        assert listed["data"] == []


async def test_a_debt_that_was_lowered_is_not_confirmed_at_its_old_amount(tmp_path: Path) -> None:
    async with world(tmp_path, stripe_public_key=KEY) as w, w.charge_point() as cp:
        session, driver = await asked_by_bank(w, cp)
        w.before_stripe = gate = Gate(CANCELLED)
        assert w.bridge is not None
        await w.bridge.desk.decide(session["session_id"], 60)
        async with asyncio.timeout(PATIENCE_S):
            await gate.reached.wait()
        assert (await driver.ask())[0] == 409, "it is there still, and of another amount"
        gate.opened.set()


async def test_a_debt_lowered_while_the_bank_asks_gives_the_difference_back(
    tmp_path: Path,
) -> None:
    """The driver's yes comes first: what it took too much goes back."""
    async with world(tmp_path, stripe_public_key=KEY) as w, w.charge_point() as cp:
        session, driver = await asked_by_bank(w, cp)
        _, asked = await driver.ask()
        await driver.confirm(asked)
        w.before_stripe = gate = Gate(CANCELLED)
        assert w.bridge is not None
        await w.bridge.desk.decide(session["session_id"], 60)
        async with asyncio.timeout(PATIENCE_S):
            await gate.reached.wait()
        await driver.answer_bank(asked, "approve")
        gate.opened.set()
        paid = await w.until(session["session_id"], "settled")
        card = await w.card(session["session_id"])
        assert (paid["amount"], card["charged"] - card["refunded"]) == (60, 60)


async def test_another_refusal_is_not_the_holder_s_to_mend(tmp_path: Path) -> None:
    async with world(tmp_path, stripe_public_key=KEY) as w, w.charge_point() as cp:
        session = await due(w, cp, DECLINED_LATER)
        driver = await driver_of(w, session["session_id"])
        status, answer = await driver.ask()
        assert (status, answer["error"]["code"]) == (409, "conflict")
        assert "stripe.js" not in await w.page(driver.page)


@pytest.mark.parametrize("key", [KEY, ""], ids=["with-a-key", "without"])
async def test_stripe_s_script_is_let_in_only_where_it_is_needed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], key: str
) -> None:
    """And what confirms the payment stands in no page, no address and no log."""
    async with world(tmp_path, stripe_public_key=key) as w, w.charge_point() as cp:
        session, driver = await asked_by_bank(w, cp)
        async with w.http.get(driver.page) as answer:
            page, policy = await answer.text(), answer.headers["Content-Security-Policy"]
        async with w.http.get(w.url) as answer:
            usual = answer.headers["Content-Security-Policy"]
        assert ("/endive/stripe.js" in page) == bool(key)
        assert (policy == usual) == (not key)
        assert "script-src 'self';" in usual
        _, asked = await driver.ask()
        assert asked["client_secret"] not in page
        logged = capsys.readouterr().out
        assert session["session_id"] in logged
        assert asked["client_secret"] not in logged
