"""How charge points connect, stay and answer."""

import asyncio
import base64
from typing import Any

import pytest
from aiohttp import WSMsgType
from websockets.exceptions import InvalidStatus

from irve_bridge.charge_points.settings import DoorSettings
from irve_bridge.domain.charge_point import ConnectorStatus
from irve_bridge.service.commands import RemoteStart
from irve_bridge.service.ports import Unanswered
from tests.integration.charge_points.configured import REGISTER, RIGHT, Configured, greeted
from tests.integration.charge_points.conftest import KEY
from tests.integration.charge_points.pings import (
    HEARTBEAT,
    TURNS,
    SwitchedOn,
    door,
    next_control,
    next_frame,
)

BOOT = {"chargePointVendor": "V", "chargePointModel": "M"}
CONFIGURED = DoorSettings(port=0, status_grace_s=0, meter_interval_s=15)
START = RemoteStart(connector_number=1, id_tag="TAG1")


async def test_lbbrhzn_ocpp_442_no_subprotocol_header(open_socket: Any, logs: Any) -> None:
    """Grizzl-E names neither itself nor OCPP: it is told so, and the operator sees which it is.

    https://github.com/lbbrhzn/ocpp/issues/442, https://github.com/steve-community/steve/issues/1109
    """
    with pytest.raises(InvalidStatus) as refused:
        async with open_socket("", subprotocols=None):
            pass
    assert refused.value.response.status_code == 404
    async with open_socket("CP1", subprotocols=None) as raw:
        await raw.socket.wait_closed()
        assert raw.socket.close_code == 1002
        assert "ocpp1.6" in raw.socket.close_reason
    events = [(entry["event"], entry.get("charge_point_id")) for entry in logs]
    assert ("unknown charge point", None) in events
    assert ("no common subprotocol", "CP1") in events


async def test_lorenzodonini_ocpp_go_358_half_open_old_socket_blocks_the_new_one(
    house: Any, raw: Any, open_socket: Any
) -> None:
    """Who is gone without a word answers no closing handshake.

    https://github.com/lorenzodonini/ocpp-go/issues/358
    """
    assert await raw.alive()
    raw.socket.transport.pause_reading()
    async with open_socket() as new:
        assert await new.alive()
        answer, _ = await asyncio.gather(house.command(START), new.answer_next("Accepted"))
        assert answer.accepted
    raw.socket.transport.resume_reading()


async def test_mobilityhouse_ocpp_273_serial_number_beyond_25_characters(raw: Any) -> None:
    """Schneider: beyond the schema's length (https://github.com/mobilityhouse/ocpp/issues/273)."""
    boot = BOOT | {"chargePointSerialNumber": "S" * 40}
    assert (await raw.confirmed("BootNotification", boot))["status"] == "Accepted"


@pytest.mark.parametrize("settings", [door()])
async def test_lbbrhzn_ocpp_211_no_pong(silent: SwitchedOn) -> None:
    """EN+ talks and answers no ping: it is not cut (https://github.com/lbbrhzn/ocpp/issues/211)."""
    async with silent() as socket:
        for _ in range(TURNS):
            await next_control(socket)
            await socket.send_str(HEARTBEAT)
        assert (await next_frame(socket))[0] == 3


@pytest.mark.parametrize("settings", [door(heartbeat_interval_s=0)])
async def test_evcc_io_evcc_33099_idle_charger_cut_though_it_is_there(silent: SwitchedOn) -> None:
    """Its pongs tell, however long its heartbeat is overdue.

    https://github.com/evcc-io/evcc/issues/33099
    """
    async with silent() as socket:
        for _ in range(TURNS):
            message = await next_control(socket)
            assert message.type is WSMsgType.PING
            await socket.pong(message.data)
        await socket.send_str(HEARTBEAT)
        assert (await next_frame(socket))[0] == 3


@pytest.mark.parametrize("settings", [DoorSettings(port=0, call_timeout_s=0.05)])
async def test_mobilityhouse_ocpp_626_heartbeats_but_ignores_calls_until_reconnect(
    house: Any, raw: Any, open_socket: Any
) -> None:
    """So it is made to connect anew, and what it did not hear is known to be unsent.

    https://github.com/mobilityhouse/ocpp/issues/626, https://github.com/mobilityhouse/ocpp/issues/338
    """
    for _ in range(2):
        assert await raw.alive()
        with pytest.raises(Unanswered):
            await house.command(START)
    assert await raw.alive()
    assert (await house.command(START)).unsent
    await raw.socket.wait_closed()
    assert raw.socket.close_code == 1001
    async with open_socket() as anew:
        assert await anew.alive()
        answer, _ = await asyncio.gather(house.command(START), anew.answer_next("Accepted"))
        assert answer.accepted


async def test_lbbrhzn_ocpp_1248_error_code_error(house: Any, raw: Any) -> None:
    """Legrand: no code of OCPP (https://github.com/lbbrhzn/ocpp/issues/1248)."""
    status = {"connectorId": 1, "errorCode": "Error", "status": "Faulted"}
    assert await raw.confirmed("StatusNotification", status) == {}
    connector = await house.storage.read(lambda tx: tx.stations.connector("CP1", 1))
    assert (connector.status, connector.error_code) == (ConnectorStatus.FAULTED, "Error")


@pytest.mark.parametrize("settings", [CONFIGURED])
async def test_lbbrhzn_ocpp_1499_non_string_configuration_value(house: Any, raw: Any) -> None:
    """It is taken as what it says (https://github.com/lbbrhzn/ocpp/issues/1499)."""
    point = Configured(RIGHT | {"HeartbeatInterval": 300, "StopTransactionOnInvalidId": True})
    known = await greeted(house, raw, point)
    assert point.changes == []
    assert known["HeartbeatInterval"].value == "300"
    assert known["StopTransactionOnInvalidId"].value == "true"


@pytest.mark.parametrize("settings", [CONFIGURED])
async def test_everest_libocpp_472_signed_data_lost_if_stop_txn_keys_are_empty(
    house: Any, raw: Any
) -> None:
    """So the key is not left empty (https://github.com/EVerest/libocpp/issues/472)."""
    point = Configured(RIGHT | {"StopTxnSampledData": ""})
    await greeted(house, raw, point)
    assert point.keys["StopTxnSampledData"] == REGISTER


@pytest.mark.parametrize("password", [KEY.encode(), KEY.upper().encode(), bytes.fromhex(KEY)])
async def test_shiv3_ocpp_cp_simulator_260_hex_key_sent_verbatim(
    open_socket: Any, password: bytes
) -> None:
    """An AuthorizationKey is its bytes, which need not be UTF-8; some send its digits instead.

    https://github.com/shiv3/ocpp-cp-simulator/issues/260,
    https://github.com/steve-community/steve/issues/1899
    """
    credentials = base64.b64encode(b"CP KEY:" + password).decode()
    authorization = {"Authorization": f"Basic {credentials}"}
    async with open_socket("CP%20KEY", additional_headers=authorization) as raw:
        assert await raw.alive()
