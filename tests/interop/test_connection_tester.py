"""PyPI's test-ocpp, which tries whether a central system lets a charge point in and answers it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from test_ocpp import ConnectionResult, check_connection
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.integration.world import ROOT, World, world

PASSWORD = "correct horse battery"


@asynccontextmanager
async def locked(folder: Path) -> AsyncIterator[World]:
    """A world whose CP1 has a password, and CP2 none."""
    text = (ROOT / "config" / "stations.yaml").read_text("utf-8")
    (folder / "tariffs").symlink_to(ROOT / "config" / "tariffs")
    stations = folder / "stations.yaml"
    stations.write_text(text.replace("id: CP1\n", f"id: CP1\n    password: {PASSWORD}\n"), "utf-8")
    async with world(folder, speed=1, stations_file=stations) as w:
        yield w


async def check(w: World, charge_point_id: str, **how: Any) -> ConnectionResult:
    """Have it connect, boot and send a heartbeat; raises what the command line reports."""
    url = f"ws://127.0.0.1:{w.environment['OCPP_PORT']}/ocpp"
    return await check_connection(url, charge_point_id, timeout=5, **how)


@pytest.mark.parametrize(
    ("charge_point_id", "how"),
    [
        ("CP2", {}),
        ("CP2", {"trailing_slash": True}),
        ("CP2", {"password": "needless"}),
        ("CP1", {"password": PASSWORD}),
        ("CP1", {"username": "CP1", "password": PASSWORD, "trailing_slash": True}),
    ],
)
async def test_who_is_known_is_accepted(
    tmp_path: Path, charge_point_id: str, how: dict[str, Any]
) -> None:
    async with locked(tmp_path) as w:
        result = await check(w, charge_point_id, vendor="V", model="M", **how)
    assert result.subprotocol == "ocpp1.6"
    assert result.boot_notification["status"] == "Accepted"
    assert datetime.fromisoformat(result.heartbeat["currentTime"]).tzinfo


@pytest.mark.parametrize(
    ("charge_point_id", "how", "status"),
    [
        ("NOBODY", {}, 404),
        ("CP1", {}, 401),
        ("CP1", {"username": "CP1"}, 401),
        ("CP1", {"password": "wrong"}, 401),
        ("CP1", {"username": "CP2", "password": PASSWORD}, 401),
    ],
)
async def test_who_is_not_is_told_why(
    tmp_path: Path, charge_point_id: str, how: dict[str, Any], status: int
) -> None:
    async with locked(tmp_path) as w:
        with pytest.raises(InvalidStatus) as refused:
            await check(w, charge_point_id, **how)
    assert refused.value.response.status_code == status


async def test_another_version_of_ocpp_is_told_which_one_is_needed(tmp_path: Path) -> None:
    async with locked(tmp_path) as w:
        with pytest.raises(ConnectionClosed) as closed:
            await check(w, "CP2", ocpp="2.0.1")
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, "ocpp1.6" in closed.value.rcvd.reason) == (1002, True)
