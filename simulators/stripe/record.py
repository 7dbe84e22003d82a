"""``python -m simulators.stripe.record``: write down what Stripe answers, and compare.

Whoever has a test key records the real Stripe and compares the simulator with it, or the other
way round. Test objects are made in the key's account; no money moves.
"""

import argparse
import asyncio
import secrets
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import stripe

from simulators.stripe import scenarios, transcript
from simulators.stripe.wire import Object, encode_form

STRIPE = "https://api.stripe.com"


def _test_key(key: str) -> str:
    if not key.startswith(("sk_test_", "rk_test_")):
        raise argparse.ArgumentTypeError("only test keys: this makes payments")
    return key


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the options of a command line; an invalid one ends the process."""
    parser = argparse.ArgumentParser(prog="python -m simulators.stripe.record", description=__doc__)
    parser.add_argument("--api-key", required=True, type=_test_key)
    parser.add_argument("--api-base", default=STRIPE)
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
    exchanges: list[Object] = field(default_factory=list)
    scenario: str = ""
    scenario_of: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.names = transcript.Names(self.run)

    async def get(self, path: str, params: Object | None = None) -> Any:
        """Return the answer to a GET."""
        return await self._exchange("GET", path, params or {}, None)

    async def post(self, path: str, params: Object | None = None, *, key: str | None = None) -> Any:
        """Return the answer to a POST, errors included, under an idempotency key if given."""
        return await self._exchange("POST", path, params or {}, key)

    async def delete(self, path: str) -> Any:
        """Return the answer to a DELETE."""
        return await self._exchange("DELETE", path, {}, None)

    async def _exchange(self, method: str, path: str, params: Object, key: str | None) -> Any:
        pairs = encode_form(params)
        content: Any = {"params": pairs} if method == "GET" else {"data": pairs}
        headers = {"Idempotency-Key": f"{self.run}-{key}"} if key else {}
        async with self.http.request(method, path, headers=headers, **content) as answer:
            body = await answer.json()
            said = {
                "scenario": self.scenario,
                "request": f"{method} {path}",
                "params": params,
                "status": answer.status,
                "replayed": "Idempotent-Replayed" in answer.headers,
                "body": body,
            }
        for each in transcript.ids(body):
            self.scenario_of.setdefault(each, self.scenario)
        text = transcript.normalised(said, self.names)
        self.exchanges.append({**text, "key": key})
        return body

    async def events(self, started_s: int) -> list[Object]:
        """Return which events each scenario had, whatever their order."""
        kinds: dict[str, list[str]] = {}
        page: Object = {"limit": 100, "created": {"gte": started_s}}
        while True:
            async with self.http.get("/v1/events", params=encode_form(page)) as answer:
                found = await answer.json()
            for event in found["data"]:
                if scenario := self._scenario_of(event):
                    kinds.setdefault(scenario, []).append(event["type"])
            if not found["has_more"]:
                break
            page["starting_after"] = found["data"][-1]["id"]
        return [{"scenario": name, "events": sorted(kinds[name])} for name in sorted(kinds)]

    def _scenario_of(self, event: Object) -> str | None:
        known = (self.scenario_of.get(each) for each in transcript.ids(event["data"]["object"]))
        return next((name for name in known if name), None)


async def recorded(key: str, base: str, settle_s: float) -> list[Object]:
    """Return the transcript of every scenario, one after the other."""
    headers = {"Authorization": f"Bearer {key}", "Stripe-Version": stripe.api_version}
    async with aiohttp.ClientSession(base, headers=headers) as http:
        recorder, started_s = Recorder(http), int(time.time()) - 60
        for scenario in scenarios.SCENARIOS:
            recorder.scenario = scenario.__name__
            await scenario(recorder)
        await asyncio.sleep(settle_s)
        return recorder.exchanges + await recorder.events(started_s)


def main(argv: Sequence[str] | None = None) -> int:
    """Record, write and compare; return 1 if the transcripts differ."""
    options = arguments(argv)
    exchanges = asyncio.run(recorded(options.api_key, options.api_base, options.settle_s))
    new = transcript.lines(exchanges)
    if options.out:
        options.out.write_text("\n".join(new) + "\n")
    if not options.against:
        return 0
    found = transcript.differences(options.against.read_text().splitlines(), new)
    print("\n".join(found) or "no difference")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
