"""Who may open a socket."""

import asyncio
import base64
from collections.abc import Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from irve_bridge.charge_points import locks

PASSWORD = "correct horse battery"


def basic(user: str, password: bytes) -> dict[str, Any]:
    credentials = base64.b64encode(user.encode() + b":" + password).decode()
    return {"additional_headers": {"Authorization": f"Basic {credentials}"}}


async def refusal(open_socket: Callable[..., Any], path: str, **options: Any) -> Any:
    """Return the HTTP response that refused the handshake."""
    with pytest.raises(InvalidStatus) as refused:
        async with open_socket(path, **options):
            pass
    return refused.value.response


@pytest.mark.parametrize("path", ["NOBODY", "", "CP1/extra", "../CP1", "cp1"])
async def test_an_unknown_charge_point_gets_404(open_socket: Any, path: str) -> None:
    assert (await refusal(open_socket, path)).status_code == 404


async def test_an_address_that_is_none_gets_404(house: Any) -> None:
    """It looks like one with a host, whose brackets never close."""
    address = urlsplit(house.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(b"GET //[ HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n")
    writer.write(
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    async with asyncio.timeout(30):
        assert (await reader.readline()).split()[1] == b"404"
    writer.close()


@pytest.mark.parametrize("path", ["CP1", "CP1/", "%43P1", "CP1?x=y"])
async def test_a_path_may_be_percent_encoded_and_end_in_a_slash(
    open_socket: Any, path: str
) -> None:
    async with open_socket(path) as raw:
        assert raw.socket.subprotocol == "ocpp1.6"
        assert await raw.alive()


@pytest.mark.parametrize(
    "options",
    [
        {},
        basic("CP LOCKED", b"wrong"),
        basic("CP LOCKED", b""),
        basic("CP1", PASSWORD.encode()),
        {"additional_headers": {"Authorization": "Basic not base64!"}},
        {"additional_headers": {"Authorization": "Bearer " + PASSWORD}},
    ],
)
async def test_without_its_own_name_and_password_a_locked_charge_point_gets_401(
    open_socket: Any, options: dict[str, Any]
) -> None:
    response = await refusal(open_socket, "CP%20LOCKED", **options)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("Basic ")


@pytest.mark.parametrize("user", ["CP LOCKED", "CP%20LOCKED"])
async def test_its_password_opens_a_locked_charge_point(open_socket: Any, user: str) -> None:
    """Its user is its identity, as it uses it in the address (A00.FR.204)."""
    async with open_socket("CP%20LOCKED", **basic(user, PASSWORD.encode())) as raw:
        assert await raw.alive()


async def test_without_a_common_subprotocol_the_server_closes_after_the_handshake(
    open_socket: Any,
) -> None:
    """OCPP-J 1.6 §3.2: the handshake completes without a subprotocol, then the server closes."""
    async with open_socket(subprotocols=["ocpp2.0.1"]) as raw:
        assert raw.socket.subprotocol is None
        await raw.socket.wait_closed()
        assert raw.socket.close_code == 1002


async def test_the_first_common_subprotocol_is_ocpp_1_6(open_socket: Any) -> None:
    async with open_socket(subprotocols=["ocpp2.0.1", "ocpp1.6"]) as raw:
        assert await raw.alive()


async def test_a_second_connection_replaces_the_first(house: Any, open_socket: Any) -> None:
    """The newest socket is the charge point's; the old one closing changes nothing."""
    async with open_socket() as old:
        assert await old.alive()
        async with open_socket() as new:
            assert await new.alive()
            await old.socket.wait_closed()
            with pytest.raises(ConnectionClosed):
                await old.call("Heartbeat", {})
            assert await new.alive()
            assert await house.connected_at() is not None


async def test_being_connected_is_known_while_the_socket_is_open(
    house: Any, open_socket: Any
) -> None:
    assert await house.connected_at() is None
    async with open_socket() as raw:
        assert await raw.alive()
        assert await house.connected_at() is not None
    await house.disconnected()
    assert await house.connected_at() is None


async def test_a_wrong_guess_holds_the_next_one_back(open_socket: Any) -> None:
    """A password that could be guessed, at any rate; who comes later may try again."""
    right, wrong = basic("CP LOCKED", PASSWORD.encode()), basic("CP LOCKED", b"wrong")
    assert (await refusal(open_socket, "CP%20LOCKED", **wrong)).status_code == 401
    response = await refusal(open_socket, "CP%20LOCKED", **right)
    assert response.status_code == 429
    assert int(response.headers["Retry-After"]) in {1, 2}


async def test_wrong_guesses_hold_back_nobody_who_was_in_before(open_socket: Any) -> None:
    right, wrong = basic("CP LOCKED", PASSWORD.encode()), basic("CP LOCKED", b"wrong")
    async with open_socket("CP%20LOCKED", **right) as raw:
        assert await raw.alive()
    assert (await refusal(open_socket, "CP%20LOCKED", **wrong)).status_code == 401
    async with open_socket("CP%20LOCKED", **right) as raw:
        assert await raw.alive()


async def test_too_many_that_wait_are_sent_away_for_a_while(
    open_socket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "WAITING_MOST", 0)
    right = basic("CP LOCKED", PASSWORD.encode())
    response = await refusal(open_socket, "CP%20LOCKED", **right)
    assert (response.status_code, response.headers["Retry-After"]) == (503, "10")


async def test_a_refused_login_is_logged_without_what_it_tried(
    open_socket: Any, logs: list[MutableMapping[str, Any]]
) -> None:
    await refusal(open_socket, "CP%20LOCKED", **basic("CP LOCKED", b"hunter2hunter2"))
    (line,) = [line for line in logs if line["event"] == "login refused"]
    assert line["charge_point_id"] == "CP LOCKED"
    assert "hunter2" not in str(logs)
