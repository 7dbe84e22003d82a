"""No secret is kept or shown; everything else is left as it was."""

from typing import Any

import pytest

from irve_bridge.service.masking import masked


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ({"key": "AuthorizationKey", "value": "00ff"}, {"key": "AuthorizationKey", "value": "***"}),
        ({"value": "x", "key": "WifiPassword"}, {"value": "***", "key": "WifiPassword"}),
        (
            {"configurationKey": [{"key": "authorizationkey", "readonly": False, "value": "x"}]},
            {"configurationKey": [{"key": "authorizationkey", "readonly": False, "value": "***"}]},
        ),
        ("ftp://me:hunter2@example.org/x", "ftp://me:***@example.org/x"),
        (
            {"log": {"remoteLocation": "https://:p@h/"}},
            {"log": {"remoteLocation": "https://:***@h/"}},
        ),
    ],
)
def test_a_secret_is_masked(said: Any, shown: Any) -> None:
    assert masked(said) == shown


@pytest.mark.parametrize(
    "said",
    [
        {"key": "HeartbeatInterval", "value": "300"},
        {"key": ["AuthorizationKey"]},
        "https://example.org:8080/x@y",
        [2, "1", "Reset", {"type": "Soft"}],
        None,
        17,
    ],
)
def test_what_is_no_secret_is_left(said: Any) -> None:
    assert masked(said) == said
