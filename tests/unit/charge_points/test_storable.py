"""What no database can hold must not cost the message it stands in."""

import json

import pytest

from irve_bridge.charge_points.v16.envelope import storable


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("", ""),
        ("A\0B", "A\ufffdB"),
        ("\\\0", "\\\ufffd"),
        ("\\u0000", "\\u0000"),
        ("\\\\u0000\0", "\\\\u0000\ufffd"),
        ("\0\0é", "\ufffd\ufffdé"),
    ],
)
def test_the_nul_is_replaced_and_nothing_else(text: str, kept: str) -> None:
    payload = json.dumps({"idTag": text}).encode()
    assert json.loads(storable(payload)) == {"idTag": kept}


def test_a_nul_that_is_not_escaped_is_replaced_too() -> None:
    """Such JSON is unsound, and salvaged."""
    assert storable(b'{"idTag": "A\0"}').decode() == '{"idTag": "A\ufffd"}'
