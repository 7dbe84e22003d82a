"""A line of log says whose it is: the session, the charge point, the request."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.integration.world import World, link, world


def lines(w: World) -> list[dict[str, Any]]:
    written = Path(w.environment["LOG_FILE"]).read_text("utf-8")
    return [json.loads(line) for line in written.splitlines()]


async def test_every_line_about_a_session_names_it_and_no_other_does(tmp_path: Path) -> None:
    """Webhooks, pages, intents, facts and deadlines of a session; not what follows them."""
    async with world(tmp_path, process=True) as w, w.charge_point() as cp:
        await cp.wait_until_online()
        opened = await w.open("fixed", amount=1000)
        back = await w.pay(opened)
        await w.page(link(back) + "/return")
        await w.page(f"{w.url}/healthz")  # over the same connection
        await cp.plug(1)
        await cp.wait_for_energy(1, 1000)
        await cp.unplug(1)
        await w.final(opened["session_id"])
        await w.told(opened["session_id"], "cdr_created")
        await w.end_process()
        written = lines(w)
    mine = [line for line in written if line.get("session_id") == opened["session_id"]]
    others = [line for line in written if line not in mine]
    assert {"payment_call_done", "http_request"} <= {line["event"] for line in mine}
    paths = {line.get("path") for line in mine}
    assert {"/api/create-payment", "/webhook", "/c/***/return"} <= paths
    assert {line.get("path") for line in others} <= {None, "/readyz", "/healthz"}
    assert {line["event"] for line in others} <= {
        *("started", "stopping", "http_request"),
        *("connected", "disconnected", "asked", "configuration_refused"),
    }
    for line in written:
        if line["event"] in {"connected", "disconnected", "asked"}:
            assert line["charge_point_id"] == "CP1"
    requests = [line for line in written if line["event"] == "http_request"]
    assert len({line["request_id"] for line in requests}) == len(requests)


@pytest.mark.parametrize(
    ("given", "taken"), [("proxy-1234.5678", True), ("short", False), ("<script>alert", False)]
)
async def test_a_request_s_id_is_the_proxy_s_where_it_is_one(
    tmp_path: Path, given: str, *, taken: bool
) -> None:
    """It is given back, so that a driver's page and a line of log can be found by it."""
    async with world(tmp_path) as w:
        asked = w.http.get(f"{w.url}/healthz", headers={"X-Request-ID": given})
        async with asked as answer:
            request_id = answer.headers["X-Request-ID"]
    assert (request_id == given) is taken
    assert request_id.replace("-", "").replace(".", "").isalnum()
