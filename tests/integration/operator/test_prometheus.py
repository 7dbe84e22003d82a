"""Debian's Prometheus scrapes a bridge that was busy: every query of ours runs and finds something.

So no dashboard and no alert names a metric that is not there.
"""

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml

from simulators.charge_point import ChargePoint
from tests.integration.world import PATIENCE_S, World, free_port, world

CONFIG = Path(__file__).parents[3] / "config"
DASHBOARD = json.loads((CONFIG / "grafana" / "dashboards" / "irve_bridge.json").read_text("utf-8"))
RULES = yaml.safe_load((CONFIG / "prometheus" / "alerts.yaml").read_text("utf-8"))
ALERTS = [rule for group in RULES["groups"] for rule in group["rules"]]
DECLINED = "4000000000000341"


def queries() -> Iterator[tuple[str, str]]:
    """Yield the dashboard's queries by their panel, with the interval that Grafana fills in."""
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", ()):
            yield panel["title"], target["expr"].replace("$__rate_interval", "20s")
    for annotation in DASHBOARD["annotations"]["list"]:
        yield annotation["name"], annotation["expr"]


def metrics_named() -> set[str]:
    named = [query for _, query in queries()] + [alert["expr"] for alert in ALERTS]
    return {name for query in named for name in re.findall(r"\b(?:irve_bridge|process)_\w+", query)}


async def exposed(w: World) -> set[str]:
    async with w.http.get(f"{w.url}/metrics") as answer:
        text = await answer.text()
    return set(re.findall(r"^(\w+)[{ ]", text, re.MULTILINE))


class Prometheus:
    """A running Prometheus, as its HTTP API shows it."""

    def __init__(self, url: str, http: aiohttp.ClientSession) -> None:
        self._url = url
        self._http = http

    async def ask(self, path: str, **parameters: str) -> Any:
        """Return what it answers.

        Raises:
            AssertionError: An error or a warning.
        """
        async with self._http.get(f"{self._url}/api/v1/{path}", params=parameters) as response:
            answer = await response.json()
        assert answer["status"] == "success", answer
        assert not answer.get("warnings"), answer
        return answer["data"]

    async def found(self, query: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self.ask("query", query=query))["result"]
        return found

    async def until(self, query: str) -> None:
        """Return once a query finds something."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                with contextlib.suppress(aiohttp.ClientError):
                    if await self.found(query):
                        return
                await asyncio.sleep(0.1)


@asynccontextmanager
async def prometheus(folder: Path, w: World) -> AsyncIterator[Prometheus]:
    """Run Prometheus as it is configured, but for where the bridge is and how often it looks."""
    config = yaml.safe_load((CONFIG / "prometheus" / "prometheus.yaml").read_text("utf-8"))
    config["global"] = {"scrape_interval": "500ms", "evaluation_interval": "500ms"}
    config["rule_files"] = [str(CONFIG / "prometheus" / "alerts.yaml")]
    (scraping,) = config["scrape_configs"]
    del scraping["dns_sd_configs"]
    scraping["static_configs"] = [{"targets": [w.url.removeprefix("http://")]}]
    file, port = folder / "prometheus.yaml", free_port()
    file.write_text(yaml.safe_dump(config))
    process = await asyncio.create_subprocess_exec(
        "prometheus",
        f"--config.file={file}",
        f"--storage.tsdb.path={folder / 'prometheus'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=error",
    )
    try:
        started = Prometheus(f"http://127.0.0.1:{port}", w.http)
        await started.until('up{job="irve_bridge"} == 1')
        yield started
    finally:
        process.terminate()
        await process.wait()


async def be_odd(w: World) -> None:
    """A charge point says something useless and leaves, and a stranger is turned away."""
    url = f"{w.url.rpartition(':')[0]}:{w.environment['OCPP_PORT']}/ocpp"
    async with w.http.ws_connect(f"{url}/CP1", protocols=["ocpp1.6"]) as socket:
        await socket.send_str("[9]")
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await w.http.ws_connect(f"{url}/NOBODY", protocols=["ocpp1.6"])


async def be_busy(w: World, cp: ChargePoint) -> None:
    """One driver pays, and another one's card does not."""
    await cp.wait_until_online()
    paid, unpaid = await w.open("fixed", 1, amount=1000), await w.open("dynamic", 2)
    await w.pay(paid)
    await w.pay(unpaid, DECLINED)
    for connector in (1, 2):
        await cp.plug(connector)
    for connector in (1, 2):
        await cp.wait_for_energy(connector, 1000)
    for connector in (1, 2):
        await cp.unplug(connector)
    assert (await w.final(paid["session_id"]))["status"] == "settled"
    assert (await w.final(unpaid["session_id"]))["status"] == "due"
    await w.told(unpaid["session_id"], "charge_failed")


async def test_every_query_and_rule_runs_in_prometheus_and_finds_what_happened(
    tmp_path: Path,
) -> None:
    async with world(tmp_path, process=True) as w, prometheus(tmp_path, w) as prom:
        await be_odd(w)
        async with w.charge_point() as cp:
            await be_busy(w, cp)
            await prom.until('max(irve_bridge_sessions{state="due"}) == 1')
            await prom.until("min(count_over_time(irve_bridge_money_due_minor[20s])) >= 2")
            await check(prom)
            assert metrics_named() - await exposed(w) == set()
        await w.end_process()


async def check(prom: Prometheus) -> None:
    empty = [(panel, query) for panel, query in queries() if not await prom.found(query)]
    assert empty == [("Alerts", 'ALERTS{alertstate="firing"}')]
    (rules,) = (await prom.ask("rules"))["groups"]
    health = {rule["name"]: (rule["health"], rule.get("lastError")) for rule in rules["rules"]}
    assert health == {alert["alert"]: ("ok", None) for alert in ALERTS}
    waiting = {alert["labels"]["alertname"] for alert in (await prom.ask("alerts"))["alerts"]}
    assert waiting <= {"StorageSlow"}, "a machine that does much else is slow for a moment"
    settled = await prom.found("sum by (currency) (irve_bridge_money_settled_minor_total)")
    moved = await prom.found(
        'sum(irve_bridge_money_moved_minor_total{kind="charge"})'
        ' - sum(irve_bridge_money_moved_minor_total{kind="refund"})'
    )
    assert settled[0]["metric"] == {"currency": "EUR"}
    assert settled[0]["value"][1] == moved[0]["value"][1]


def test_the_dashboard_stands_on_the_provisioned_source_and_its_panels_apart() -> None:
    provisioned = CONFIG / "grafana" / "provisioning" / "datasources" / "prometheus.yaml"
    (source,) = yaml.safe_load(provisioned.read_text("utf-8"))["datasources"]
    panels = DASHBOARD["panels"]
    named = [target["datasource"] for panel in panels for target in panel.get("targets", ())]
    assert {(each["type"], each["uid"]) for each in named} == {(source["type"], source["uid"])}
    assert len({panel["id"] for panel in panels}) == len(panels)
    cells = [
        (column, line)
        for place in (panel["gridPos"] for panel in panels)
        for column in range(place["x"], place["x"] + place["w"])
        for line in range(place["y"], place["y"] + place["h"])
    ]
    assert len(set(cells)) == len(cells)
    assert max(column for column, _ in cells) < 24
