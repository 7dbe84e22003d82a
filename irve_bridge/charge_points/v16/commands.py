"""Commands from the bus: calls to the charge point, or what is asked of its conversation."""

from collections.abc import Callable

from opentelemetry.trace import SpanKind

from irve_bridge.charge_points.v16.calls import (
    Ask,
    CallInvalid,
    CallRefused,
    TooManyCalls,
)
from irve_bridge.charge_points.v16.recent import Recent
from irve_bridge.charge_points.v16.schema import Payload
from irve_bridge.service import commands
from irve_bridge.telemetry import tracing


async def perform(command: bytes, ask: Ask, recent: Recent, part: Callable[[str], None]) -> bytes:
    """Call the charge point and return its answer, a CALLERROR as the answer's error.

    Raises:
        TimeoutError: It did not answer in time.
        websockets.exceptions.ConnectionClosed: Its socket closed.
    """
    match commands.decode_command(command):
        case commands.Recent():
            answer = commands.Answer(payload={"messages": recent.messages()})
        case commands.Leave():
            part("no longer registered")
            answer = commands.Answer(payload={})
        case asking:
            answer = await _answered(asking, ask)
    return commands.encode(answer)


async def _answered(asking: commands.Asking, ask: Ask) -> commands.Answer:
    action, payload = _call(asking)
    try:
        with tracing.span(f"call {action}", kind=SpanKind.CLIENT, traceparent=asking.traceparent):
            return commands.Answer(payload=await ask(action, payload))
    except CallRefused as refused:
        return commands.Answer.refused(refused.code, refused.description)
    except CallInvalid as invalid:
        return commands.Answer(error=commands.INVALID, description=str(invalid))
    except TooManyCalls as busy:
        return commands.Answer(error=commands.BUSY, description=str(busy))


def _call(asking: commands.Asking) -> tuple[str, Payload]:
    match asking:
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
