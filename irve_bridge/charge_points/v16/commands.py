"""Commands from the bus as calls to the charge point."""

from collections.abc import Awaitable, Callable
from typing import Any

from ocpp.exceptions import OCPPError, UnknownCallErrorCodeError
from ocpp.v16 import call

from irve_bridge.service import commands

Ask = Callable[[Any], Awaitable[Any]]
CALL_REFUSED = (OCPPError, UnknownCallErrorCodeError)


async def perform(command: bytes, ask: Ask) -> bytes:
    """Call the charge point and return its answer, a CALLERROR as the answer's error.

    Raises:
        TimeoutError: It did not answer in time.
        websockets.exceptions.ConnectionClosed: Its socket closed.
    """
    try:
        confirmation = await ask(_payload(commands.decode_command(command)))
    except CALL_REFUSED as error:
        return commands.encode(commands.Answer(error=error_code(error)))
    return commands.encode(commands.Answer(status=confirmation.status))


def error_code(error: Exception) -> str:
    """Return a CALLERROR's code; one that OCPP does not know counts as GenericError."""
    return str(getattr(error, "code", "GenericError"))


def _payload(command: commands.Command) -> Any:
    match command:
        case commands.RemoteStart(connector_number, id_tag):
            return call.RemoteStartTransaction(id_tag=id_tag, connector_id=connector_number)
        case commands.RemoteStop(transaction_id):
            return call.RemoteStopTransaction(transaction_id=int(transaction_id))
