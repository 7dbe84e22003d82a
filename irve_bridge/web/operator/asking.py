"""What a charge point can be asked on its page, and what it answers, in an operator's words."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, TypeAdapter

from irve_bridge.i18n import N_
from irve_bridge.web.forms import Body

Number = Annotated[int, Field(ge=0, le=999_999_999)]
Key = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=50)]
Value = Annotated[str, StringConstraints(max_length=500)]
Triggered = Literal[
    "BootNotification",
    "DiagnosticsStatusNotification",
    "FirmwareStatusNotification",
    "Heartbeat",
    "MeterValues",
    "StatusNotification",
]


class Reset(Body):
    """Restart it: OCPP 1.6 ed. 2 §5.14."""

    type: Literal["Soft", "Hard"]


class RemoteStopTransaction(Body):
    """End a charge, whoever began it: ibid. §5.12."""

    transactionId: Annotated[int, Field(ge=1, le=2**31 - 1)]  # noqa: N815 - OCPP's own name


class UnlockConnector(Body):
    """Let go of a cable: ibid. §5.18."""

    connectorId: Annotated[int, Field(ge=1, le=999_999_999)]  # noqa: N815 - OCPP's own name


class ChangeAvailability(Body):
    """Take a connector, or with 0 all, out of service or into it: ibid. §5.3."""

    connectorId: Number  # noqa: N815 - OCPP's own name
    type: Literal["Operative", "Inoperative"]


class TriggerMessage(Body):
    """Have it say something now: ibid. §5.17."""

    requestedMessage: Triggered  # noqa: N815 - OCPP's own name


class GetConfiguration(Body):
    """Have it tell all that it is set to: ibid. §5.8."""


class ChangeConfiguration(Body):
    """Set one key: ibid. §5.4."""

    key: Key
    value: Value


FORMS: dict[str, TypeAdapter[Body]] = {
    kind.__name__: TypeAdapter(kind)
    for kind in (
        Reset,
        RemoteStopTransaction,
        UnlockConnector,
        ChangeAvailability,
        TriggerMessage,
        GetConfiguration,
        ChangeConfiguration,
    )
}
"""The payload of each command, which a form's fields make."""

TITLES = {
    "Reset": N_("Restart"),
    "RemoteStopTransaction": N_("Stop the charge"),
    "UnlockConnector": N_("Unlock the cable"),
    "ChangeAvailability": N_("Change availability"),
    "TriggerMessage": N_("Ask for a message"),
    "GetConfiguration": N_("Read the configuration"),
    "ChangeConfiguration": N_("Change the configuration"),
}

KNOWN_ANSWERS = {
    "": N_("The charge point answered: see the commands below."),
    "Accepted": N_("The charge point accepted."),
    "Scheduled": N_("The charge point will do it once the running charge is over."),
    "Rejected": N_("The charge point refused."),
    "RebootRequired": N_("The charge point accepted; it holds after a restart."),
    "NotSupported": N_("The charge point cannot do this."),
    "NotImplemented": N_("The charge point cannot do this."),
    "Unlocked": N_("The cable is unlocked."),
    "UnlockFailed": N_("The cable could not be unlocked."),
    "offline": N_("The charge point is not connected, so nothing was sent."),
    "timeout": N_("The charge point did not answer in time; the command may have arrived."),
}
"""What it said, by the status of its answer, or why it said nothing."""


def interrupts(action: str, payload: Body) -> bool:
    """Return whether a running charge may end by it, so that a person is asked twice."""
    match payload:
        case ChangeAvailability(type="Operative"):
            return False
    return action in ("Reset", "RemoteStopTransaction", "UnlockConnector", "ChangeAvailability")
