"""What no browser sends is refused in a sentence, never with an error of ours."""

import asyncio
from typing import Any

import pytest

JUNK = b"\xff\xfe"


@pytest.mark.parametrize(
    ("method", "path", "headers", "body"),
    [
        ("GET", "/api/sessions/ses_1", {"Authorization": "Bearer \udcff"}, None),
        ("GET", "/s/CP1/1", {"Cookie": "irve_session=\udcff"}, None),
        (
            "POST",
            "/api/create-payment",
            {"Idempotency-Key": "\udcff", "Content-Type": "application/json"},
            b'{"payment_type": "dynamic", "charge_point_id": "CP9", "connector_id": 1}',
        ),
        (
            "POST",
            "/api/create-payment",
            {"Content-Type": "application/x-www-form-urlencoded"},
            b"charge_point_id=CP1&connector_id=1&payment_type=fixed&amount_typed=1e999999999",
        ),
        (
            "POST",
            "/api/create-payment",
            {"Content-Type": "application/json", "Content-Encoding": "gzip"},
            JUNK,
        ),
        ("POST", "/webhook", {"Content-Encoding": "gzip"}, JUNK),
    ],
)
async def test_no_request_makes_the_bridge_fail(
    house: Any, method: str, path: str, headers: dict[str, str], body: bytes | None
) -> None:
    raw = {name: value.encode(errors="surrogateescape") for name, value in headers.items()}
    status = await _status(house, method, path, raw, body or b"")
    assert 200 <= status < 500


async def _status(
    house: Any, method: str, path: str, headers: dict[str, bytes], body: bytes
) -> int:
    """Send bytes that no client library would let through."""
    url = house.client.make_url(path)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    lines = [f"{method} {path} HTTP/1.1".encode(), b"Host: x", b"Connection: close"]
    lines += [name.encode() + b": " + value for name, value in headers.items()]
    lines += [f"Content-Length: {len(body)}".encode(), b"", body]
    writer.write(b"\r\n".join(lines))
    await writer.drain()
    answer = await reader.read()
    writer.close()
    return int(answer.split()[1])
