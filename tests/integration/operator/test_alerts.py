"""Alerts fire for what they are for, keep quiet otherwise, and lead to a section that says more."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[3]
RULES = ROOT / "config" / "prometheus" / "alerts.yaml"
CONFIG = ROOT / "config" / "prometheus" / "prometheus.yaml"
RUNBOOK = ROOT / "docs" / "runbook.md"
ALERTS = [
    rule for group in yaml.safe_load(RULES.read_text("utf-8"))["groups"] for rule in group["rules"]
]
every_alert = pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: str(alert["alert"]))
HOURS = {"DebtsGrowing": 26}
UP = {'up{job="irve_bridge", instance="a"}': "1x1600"}

# What each alert is for, as Prometheus' own notation of series, a value a minute.
TROUBLES: dict[str, dict[str, str]] = {
    "BridgeDown": {'up{job="something_else", instance="a"}': "1x180"},
    "NodeDown": UP | {'up{job="irve_bridge", instance="b"}': "0x180"},
    "StorageDown": {'irve_bridge_storage_up{instance="a"}': "0x180"},
    "StorageSlow": {
        'irve_bridge_storage_commit_seconds_bucket{instance="a", le="0.25"}': "0x180",
        'irve_bridge_storage_commit_seconds_bucket{instance="a", le="1"}': "0+100x180",
        'irve_bridge_storage_commit_seconds_bucket{instance="a", le="+Inf"}': "0+100x180",
    },
    "BusDown": {'irve_bridge_bus_up{instance="a"}': "0x180"},
    "ClockDiffers": {'irve_bridge_clock_ahead_seconds{instance="a"}': "-30x180"},
    "DiskFull": {
        'irve_bridge_disk_free_bytes{of="database"}': "9x180",
        'irve_bridge_disk_size_bytes{of="database"}': "100x180",
    },
    "EventLoopLagging": {
        'irve_bridge_event_loop_lag_seconds_bucket{instance="a", le="0.25"}': "0x180",
        'irve_bridge_event_loop_lag_seconds_bucket{instance="a", le="1"}': "0+120x180",
        'irve_bridge_event_loop_lag_seconds_bucket{instance="a", le="+Inf"}': "0+120x180",
    },
    "RequestsFailing": {
        'irve_bridge_http_request_seconds_count{status="500", route="/"}': "0+6x180"
    },
    "ChargePointsLost": {
        'irve_bridge_connected_charge_points{instance="a"}': "100x150 40x30",
        'irve_bridge_connected_charge_points{instance="b"}': "100x180",
    },
    "HandshakesRefused": {'irve_bridge_refused_handshakes_total{reason="unknown"}': "0+120x180"},
    "MessagesUndecided": {
        'irve_bridge_messages_total{action="StopTransaction", outcome="kept"}': "0x175 1x5"
    },
    "MoneyStuck": {'irve_bridge_intents_oldest_seconds{lane="money"}': "0+60x180"},
    "RefundsStuck": {'irve_bridge_intents_oldest_seconds{lane="refunds"}': "500000x180"},
    "CommandsStuck": {'irve_bridge_intents_oldest_seconds{lane="charger"}': "0+60x180"},
    "OutcomesUnknown": {'irve_bridge_attempts_unknown{lane="money"}': "2x180"},
    "StripeRefusesKey": {'irve_bridge_stripe_errors_total{kind="authentication"}': "0x175 1x5"},
    "StripeFailing": {
        'irve_bridge_stripe_errors_total{kind="connection"}': "0+6x180",
        'irve_bridge_stripe_request_seconds_count{resource="refunds"}': "0+60x180",
    },
    "StripeSlow": {
        'irve_bridge_stripe_request_seconds_bucket{le="5"}': "0x180",
        'irve_bridge_stripe_request_seconds_bucket{le="10"}': "0+60x180",
        'irve_bridge_stripe_request_seconds_bucket{le="+Inf"}': "0+60x180",
    },
    "ReviewsWaiting": {'irve_bridge_sessions{state="review", instance="a"}': "0x100 1x80"},
    "DebtsGrowing": {'irve_bridge_sessions{state="due", instance="a"}': "20x1470 60x90"},
    "CallbacksLate": {'irve_bridge_intents_oldest_seconds{lane="csms"}': "0+60x180"},
    "CallbacksGivenUp": {"irve_bridge_callbacks_given_up": "1x180"},
}
# A bridge that is well: busy, with cards that are declined and lines that break.
WELL: dict[str, str] = UP | {
    'irve_bridge_storage_up{instance="a"}': "1x180",
    'irve_bridge_bus_up{instance="a"}': "1x180",
    'irve_bridge_clock_ahead_seconds{instance="a"}': "-0.1x180",
    'irve_bridge_storage_commit_seconds_bucket{instance="a", le="0.05"}': "0+1000x180",
    'irve_bridge_storage_commit_seconds_bucket{instance="a", le="+Inf"}': "0+1000x180",
    'irve_bridge_disk_free_bytes{of="database"}': "50x180",
    'irve_bridge_disk_size_bytes{of="database"}': "100x180",
    'irve_bridge_event_loop_lag_seconds_bucket{instance="a", le="0.01"}': "0+119x180",
    'irve_bridge_event_loop_lag_seconds_bucket{instance="a", le="+Inf"}': "0+120x180",
    'irve_bridge_http_request_seconds_count{status="200", route="/"}': "0+600x180",
    'irve_bridge_connected_charge_points{instance="a"}': "100x90 95x90",
    'irve_bridge_refused_handshakes_total{reason="unknown"}': "0+6x180",
    'irve_bridge_messages_total{action="MeterValues", outcome="confirmed"}': "0+6000x180",
    'irve_bridge_intents_oldest_seconds{lane="money"}': "3x180",
    'irve_bridge_intents_oldest_seconds{lane="refunds"}': "7200x180",
    'irve_bridge_intents_oldest_seconds{lane="charger"}': "30x180",
    'irve_bridge_intents_oldest_seconds{lane="csms"}': "1x180",
    'irve_bridge_attempts_unknown{lane="money"}': "0x180",
    'irve_bridge_stripe_errors_total{kind="card"}': "0+60x180",
    'irve_bridge_stripe_errors_total{kind="connection"}': "0+1x180",
    'irve_bridge_stripe_errors_total{kind="authentication"}': "0x180",
    'irve_bridge_stripe_request_seconds_count{resource="refunds"}': "0+600x180",
    'irve_bridge_stripe_request_seconds_bucket{le="0.5"}': "0+600x180",
    'irve_bridge_stripe_request_seconds_bucket{le="+Inf"}': "0+600x180",
    'irve_bridge_sessions{state="review", instance="a"}': "0x180",
    'irve_bridge_sessions{state="due", instance="a"}': "20x150 25x30",
    "irve_bridge_callbacks_given_up": "0x180",
}


def test_rules_and_configuration_are_sound() -> None:
    promtool("check", "config", str(CONFIG))


def test_every_alert_fires_for_its_trouble_alone_and_none_for_a_bridge_that_is_well(
    tmp_path: Path,
) -> None:
    assert set(TROUBLES) == {alert["alert"] for alert in ALERTS}
    cases = [case(name, series, [name]) for name, series in TROUBLES.items()]
    tests = tmp_path / "tests.yaml"
    wanted = {"rule_files": [str(RULES)], "tests": [*cases, case("well", WELL, [])]}
    tests.write_text(yaml.safe_dump(wanted))
    promtool("test", "rules", str(tests))


def case(name: str, series: dict[str, str], firing: list[str]) -> dict[str, Any]:
    """Have some hours pass, and say which alerts fire at their end."""
    lives = series if name == "BridgeDown" else UP | series
    return {
        "name": name,
        "interval": "1m",
        "input_series": [{"series": each, "values": values} for each, values in lives.items()],
        "promql_expr_test": [
            {
                "expr": 'count by (alertname) (ALERTS{alertstate="firing"}) > bool 0',
                "eval_time": f"{HOURS.get(name, 3)}h",
                "exp_samples": [
                    {"labels": f'{{alertname="{alert}"}}', "value": 1} for alert in firing
                ],
            }
        ],
    }


def promtool(*arguments: str) -> None:
    ended = subprocess.run(["promtool", *arguments], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr


@every_alert
def test_an_alert_leads_to_a_section_that_says_what_to_do(alert: dict[str, Any]) -> None:
    name = alert["alert"]
    annotations = alert["annotations"]
    assert annotations["runbook_url"].endswith(f"docs/runbook.md#{name.lower()}")
    assert annotations["summary"]
    assert alert["labels"]["severity"] in {"critical", "warning"}
    section = re.search(
        rf"^## {name}\n(.*?)(?=^## |\Z)", RUNBOOK.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    assert section is not None
    assert re.findall(r"^\*\*(It means|See it|Do)", section[1], re.MULTILINE) == [
        "It means",
        "See it",
        "Do",
    ]


def test_the_runbook_has_no_section_without_an_alert() -> None:
    sections = re.findall(r"^## (.+)$", RUNBOOK.read_text("utf-8"), re.MULTILINE)
    assert sections == [alert["alert"] for alert in ALERTS]
