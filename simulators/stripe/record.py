"""``python -m simulators.stripe.record``: write down what Stripe answers, and compare.

Whoever has a test key records the real Stripe and compares the simulator with it, or the other
way round. Test objects are made in the key's account; no money moves.
"""

import argparse
import asyncio
import secrets
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import stripe

from simulators.stripe import scenarios, transcript
from simulators.stripe.scenarios import Scenario
from simulators.stripe.wire import Object, encode_form

STRIPE = "https://api.stripe.com"
LASTING = ("acct_", "ca_")
"""Ids of what was there before any scenario, and in the events of earlier recordings."""
PATIENCE_S = 60.0
PAUSE_S_MOST = 2.0


def _test_key(key: str) -> str:
    if not key.startswith(("sk_test_", "rk_test_")):
        raise argparse.ArgumentTypeError("only test keys: this makes payments")
    return key


def _account(account_id: str) -> str:
    if not account_id.startswith("acct_"):
        raise argparse.ArgumentTypeError("an account's id begins with acct_")
    return account_id


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the options of a command line; an invalid one ends the process."""
    parser = argparse.ArgumentParser(prog="python -m simulators.stripe.record", description=__doc__)
    parser.add_argument("--api-key", required=True, type=_test_key)
    parser.add_argument("--api-base", default=STRIPE)
    parser.add_argument("--account", type=_account, help="connected account, to take fees of")
    parser.add_argument("--settle-s", type=float, default=5.0, help="wait so long for late events")
    parser.add_argument("--out", type=Path, help="write the transcript there")
    parser.add_argument("--against", type=Path, help="compare with this transcript")
    options = parser.parse_args(argv)
    if not (options.out or options.against):
        parser.error("say --out FILE, --against FILE, or both")
    return options


@dataclass(eq=False)
class Recorder:
    """Speaks to one server and keeps what was said, free of what differs every time."""

    http: aiohttp.ClientSession
    run: str = field(default_factory=lambda: secrets.token_hex(8))
    account: str | None = None
    exchanges: list[Object] = field(default_factory=list)
    scenario: str = ""
    scenario_of: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.names = transcript.Names(self.run)

    async def play(self, scenario: Scenario) -> None:
        """Have one conversation and write it down."""
        self.scenario = scenario.__name__
        await scenario(self)

    async def get(self, path: str, params: Object | None = None, *, platform: bool = False) -> Any:
        """Return the answer to a GET, of the platform itself if asked so."""
        account = None if platform else self.account
        return self._kept(await self._asked("GET", path, params or {}, account))

    async def until(
        self, path: str, holds: Callable[[Any], object], params: Object | None = None
    ) -> Any:
        """Return the answer to a GET once something holds of it, or after long enough.

        Only that one is written down: how often one has to ask means nothing.
        """
        given_up_at, pause_s = time.monotonic() + PATIENCE_S, 0.1
        while True:
            said = await self._asked("GET", path, params or {}, self.account)
            if holds(said["body"]) or time.monotonic() > given_up_at:
                return self._kept(said)
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, PAUSE_S_MOST)

    async def post(self, path: str, params: Object | None = None, *, key: str | None = None) -> Any:
        """Return the answer to a POST, errors included, under an idempotency key if given."""
        return self._kept(await self._asked("POST", path, params or {}, self.account, key), key)

    async def delete(self, path: str) -> Any:
        """Return the answer to a DELETE."""
        return self._kept(await self._asked("DELETE", path, {}, self.account))

    async def _asked(
        self, method: str, path: str, params: Object, account: str | None, key: str | None = None
    ) -> Object:
        pairs = encode_form(params)
        content: Any = {"params": pairs} if method == "GET" else {"data": pairs}
        headers = {"Idempotency-Key": f"{self.run}-{key}"} if key else {}
        headers |= {"Stripe-Account": account} if account else {}
        async with self.http.request(method, path, headers=headers, **content) as answer:
            return {
                "scenario": self.scenario,
                "account": account,
                "request": f"{method} {path}",
                "params": params,
                "status": answer.status,
                "replayed": "Idempotent-Replayed" in answer.headers,
                "body": await answer.json(),
            }

    def _kept(self, said: Object, key: str | None = None) -> Any:
        """Write an exchange down and return its body."""
        for each in transcript.ids(said["body"]):
            if not each.startswith(LASTING):
                self.scenario_of.setdefault(each, self.scenario)
        self.exchanges.append({**transcript.normalised(said, self.names), "key": key})
        return said["body"]

    async def events(self, started_s: int) -> list[Object]:
        """Return which events each scenario had, whatever their order."""
        kinds: dict[str, list[str]] = {}
        for account in {None, self.account}:
            async for event in self._listed(account, started_s):
                if scenario := self._scenario_of(event):
                    kinds.setdefault(scenario, []).append(event["type"])
        return [{"scenario": name, "events": sorted(kinds[name])} for name in sorted(kinds)]

    async def _listed(self, account: str | None, started_s: int) -> AsyncIterator[Object]:
        page: Object = {"limit": 100, "created": {"gte": started_s}}
        while True:
            found = (await self._asked("GET", "/v1/events", page, account))["body"]
            for event in found["data"]:
                yield event
            if not found["has_more"]:
                return
            page["starting_after"] = found["data"][-1]["id"]

    def _scenario_of(self, event: Object) -> str | None:
        known = (self.scenario_of.get(each) for each in transcript.ids(event["data"]["object"]))
        return next((name for name in known if name), None)


async def recorded(key: str, base: str, account: str | None, settle_s: float) -> list[Object]:
    """Return the transcript of every scenario, one after the other, fees only with an account."""
    headers = {"Authorization": f"Bearer {key}", "Stripe-Version": stripe.api_version}
    async with aiohttp.ClientSession(base, headers=headers) as http:
        recorder, started_s = Recorder(http), int(time.time()) - 60
        for scenario in scenarios.SCENARIOS:
            await recorder.play(scenario)
        recorder.account = account
        for scenario in scenarios.CONNECTED if account else ():
            await recorder.play(scenario)
        await asyncio.sleep(settle_s)
        return recorder.exchanges + await recorder.events(started_s)


def main(argv: Sequence[str] | None = None) -> int:
    """Record, write and compare; return 1 if the transcripts differ."""
    options = arguments(argv)
    said = recorded(options.api_key, options.api_base, options.account, options.settle_s)
    new = transcript.lines(asyncio.run(said))
    if options.out:
        options.out.write_text("\n".join(new) + "\n")
    if not options.against:
        return 0
    found = transcript.differences(options.against.read_text().splitlines(), new)
    print("\n".join(found) or "no difference")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
