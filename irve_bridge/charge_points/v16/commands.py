"""Commands from the bus as calls to the charge point."""

from irve_bridge.charge_points.v16.calls import (
    Ask,
    CallInvalid,
    CallRefused,
    Payload,
    TooManyCalls,
)
from irve_bridge.service import commands


async def perform(command: bytes, ask: Ask) -> bytes:
    """Call the charge point and return its answer, a CALLERROR as the answer's error.

    Raises:
        TimeoutError: It did not answer in time.
        websockets.exceptions.ConnectionClosed: Its socket closed.
    """
    try:
        answer = commands.Answer(payload=await ask(*_call(commands.decode_command(command))))
    except CallRefused as refused:
        answer = commands.Answer(error=refused.code, description=refused.description)
    except CallInvalid as invalid:
        answer = commands.Answer(error=commands.INVALID, description=str(invalid))
    except TooManyCalls as busy:
        answer = commands.Answer(error=commands.BUSY, description=str(busy))
    return commands.encode(answer)


def _call(command: commands.Command) -> tuple[str, Payload]:
    match command:
        case commands.RemoteStart(connector_number, id_tag):
            return "RemoteStartTransaction", {"idTag": id_tag, "connectorId": connector_number}
        case commands.RemoteStop(transaction_id):
            return "RemoteStopTransaction", {"transactionId": int(transaction_id)}
        case commands.Reserve(connector_number, id_tag, reservation_id, expires_at):
            return "ReserveNow", {
                "connectorId": connector_number,
                "expiryDate": expires_at,
                "idTag": id_tag,
                "reservationId": reservation_id,
            }
        case commands.CancelReservation(reservation_id):
            return "CancelReservation", {"reservationId": reservation_id}
        case commands.Call(action, payload):
            return action, payload
