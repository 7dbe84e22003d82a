"""What must be done, in the imperative. Stored with the fact that caused it, performed later."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Lane(StrEnum):
    """Who performs an intent. One session's intents run in order within a lane.

    Refunds have one of their own: a bank may take days for one, and a capture cannot wait for it.
    So has what follows once the money is where it belongs: however many customers are to be
    forgotten, no capture waits behind them.
    """

    MONEY = "money"
    REFUNDS = "refunds"
    AFTERWARDS = "afterwards"
    EYES = "eyes"
    CHARGER = "charger"
    CSMS = "csms"
    MAIL = "mail"


class Do(StrEnum):
    """What a state wants done, whatever the plan."""

    CREATE_CUSTOMER = "create_customer"
    SECURE = "secure"
    CLOSE = "close"
    OBSERVE = "observe"
    RESERVE = "reserve"
    UNRESERVE = "unreserve"
    START = "start"
    STOP = "stop"
    REFUSE = "refuse"
    SETTLE = "settle"
    CONFIRM = "confirm"
    RELEASE = "release"
    RETURN = "return"
    EXTEND = "extend"
    RECHARGE = "recharge"
    VOID = "void"
    COLLECT = "collect"
    RECEIPT = "receipt"
    FORGET = "forget"
    FORGET_CUSTOMER = "forget_customer"
    TELL = "tell"


class Kind(StrEnum):
    """One external call each."""

    CREATE_CUSTOMER = "create_customer"
    OPEN_CHECKOUT = "open_checkout"
    CONFIRM_SETUP = "confirm_setup"
    CLOSE_CHECKOUT = "close_checkout"
    OBSERVE = "observe"
    CREATE_CHARGE = "create_charge"
    CONFIRM_CHARGE = "confirm_charge"
    CANCEL_CHARGE = "cancel_charge"
    CAPTURE = "capture"
    INCREMENT_HOLD = "increment_hold"
    CANCEL_HOLD = "cancel_hold"
    REFUND = "refund"
    SEND_RECEIPT = "send_receipt"
    FORGET_CARD = "forget_card"
    FORGET_CUSTOMER = "forget_customer"
    RESERVE_NOW = "reserve_now"
    CANCEL_RESERVATION = "cancel_reservation"
    REMOTE_START = "remote_start"
    REMOTE_STOP = "remote_stop"
    CALLBACK = "callback"
    MAIL = "mail"

    @property
    def lane(self) -> Lane:
        """Who performs it."""
        return _LANES.get(self, Lane.MONEY)


_LANES = {
    Kind.REFUND: Lane.REFUNDS,
    Kind.SEND_RECEIPT: Lane.AFTERWARDS,
    Kind.FORGET_CARD: Lane.AFTERWARDS,
    Kind.FORGET_CUSTOMER: Lane.AFTERWARDS,
    Kind.OBSERVE: Lane.EYES,
    Kind.RESERVE_NOW: Lane.CHARGER,
    Kind.CANCEL_RESERVATION: Lane.CHARGER,
    Kind.REMOTE_START: Lane.CHARGER,
    Kind.REMOTE_STOP: Lane.CHARGER,
    Kind.CALLBACK: Lane.CSMS,
    Kind.MAIL: Lane.MAIL,
}


@dataclass(frozen=True, slots=True)
class Intent:
    """One external call to make: what for, which, and with which parameters."""

    do: Do
    kind: Kind
    parameters: Mapping[str, Any] = field(default_factory=dict)
