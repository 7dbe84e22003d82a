"""What is answered to the messages of vendors (OCPP 1.6 ed. 2 §4.3)."""

from ocpp.v16.enums import DataTransferStatus

COST_MESSAGES = "org.openchargealliance.costmsg"
UNPLUGGED = "ConnectorUnplugged"


def status_of(vendor_id: str, message_id: str | None) -> DataTransferStatus:
    """Return whether a message is understood.

    A display that shows costs says after the stop that its connector was unplugged, and repeats it
    until that is accepted; nothing is paid for the time between.
    """
    if vendor_id != COST_MESSAGES:
        return DataTransferStatus.unknown_vendor_id
    known = message_id == UNPLUGGED
    return DataTransferStatus.accepted if known else DataTransferStatus.unknown_message_id
