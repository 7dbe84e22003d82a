"""What charge points say, encoded beforehand; only what differs each time is filled in.

A hundred messages are one charge with a reading every half minute or so: 69 MeterValues of four to
eight values (655 to 1,171 bytes), 24 heartbeats, and one full transaction with its statuses.
"""

import json
import re
from collections.abc import Iterator
from enum import Enum, auto
from typing import Any, NamedTuple

METER_VALUES, HEARTBEATS = 69, 24


class Kind(Enum):
    """What a frame is filled in with after its id, in this order."""

    PLAIN = auto()  # nothing
    STATUS = auto()  # now
    START = auto()  # tag, register, now
    READINGS = auto()  # connector, transaction, now, energy
    STOP = auto()  # transaction, register, now, tag


class Frame(NamedTuple):
    """One message: `template % (id, …)` is what is sent."""

    kind: Kind
    template: bytes
    connector: int = 0


def sampled(measurand: str, unit: str, value: str, **more: str) -> dict[str, str]:
    """Return one value as charge points of the better kind send it, nothing left out."""
    named = {"context": "Sample.Periodic", "format": "Raw", "location": "Outlet"}
    return {"value": value, "measurand": measurand, "unit": unit, **named, **more}


VALUES = (
    sampled("Energy.Active.Import.Register", "Wh", "%(energy)s"),
    sampled("Power.Active.Import", "W", "11040.0"),
    sampled("Current.Import", "A", "16.0", phase="L1"),
    sampled("SoC", "Percent", "57", location="EV"),
    sampled("Voltage", "V", "230.1", phase="L1-N"),
    sampled("Current.Import", "A", "15.9", phase="L2"),
    sampled("Current.Import", "A", "16.1", phase="L3"),
    sampled("Temperature", "Celsius", "31.5", location="Body"),
)


def call(action: str, payload: dict[str, Any], numbers: tuple[str, ...] = ()) -> bytes:
    """Return a CALL's template: `%(name)s` in a text stays; for `numbers` its quotes go."""
    text = json.dumps([2, "%(id)s", action, payload], separators=(",", ":"))
    for name in numbers:
        text = text.replace(f'"%({name})s"', f"%({name})s")
    # Places by position are filled in quicker than named ones.
    return re.sub(r"%\(\w+\)s", "%b", text).encode()


BOOT = Frame(
    Kind.PLAIN,
    call(
        "BootNotification",
        {
            "chargePointVendor": "Bench",
            "chargePointModel": "Bench 22",
            "chargePointSerialNumber": "B-0001",
            "firmwareVersion": "1.0",
        },
    ),
)
HEARTBEAT = Frame(Kind.PLAIN, call("Heartbeat", {}))


def authorize(tag: bytes) -> Frame:
    """Return the question whether a tag may charge."""
    return Frame(Kind.PLAIN, call("Authorize", {"idTag": tag.decode()}))


def status(connector: int, word: str) -> Frame:
    """Return a connector's status."""
    said = {"connectorId": connector, "errorCode": "NoError", "status": word}
    return Frame(Kind.STATUS, call("StatusNotification", {**said, "timestamp": "%(now)s"}))


def start(connector: int) -> Frame:
    """Return a start."""
    said = {"connectorId": connector, "idTag": "%(tag)s", "meterStart": "%(register)s"}
    template = call("StartTransaction", {**said, "timestamp": "%(now)s"}, ("register",))
    return Frame(Kind.START, template, connector)


def readings(connector: int, values: int) -> Frame:
    """Return one MeterValues."""
    told = {"timestamp": "%(now)s", "sampledValue": list(VALUES[:values])}
    said = {"connectorId": "%(connector)s", "transactionId": "%(transaction)s"}
    template = call(
        "MeterValues", {**said, "meterValue": [told]}, numbers=("connector", "transaction")
    )
    return Frame(Kind.READINGS, template, connector)


def stop(connector: int) -> Frame:
    """Return a stop."""
    said = {"transactionId": "%(transaction)s", "meterStop": "%(register)s", "timestamp": "%(now)s"}
    template = call(
        "StopTransaction",
        {**said, "idTag": "%(tag)s", "reason": "Local"},
        numbers=("transaction", "register"),
    )
    return Frame(Kind.STOP, template, connector)


def cycle(tag: bytes) -> list[Frame]:
    """Return a hundred messages: readings of both connectors, and a charge with a tag at one.

    The other's transaction goes on from one cycle to the next.
    """
    told = [readings(1 + number % 2, 4 + number % 5) for number in range(METER_VALUES)]
    return [
        authorize(tag),
        status(2, "Preparing"),
        start(2),
        status(2, "Charging"),
        *_mixed(told, [HEARTBEAT] * HEARTBEATS),
        stop(2),
        status(2, "Finishing"),
        status(2, "Available"),
    ]


def running() -> list[Frame]:
    """Return what a charge point says while its charge goes on: three readings to a heartbeat."""
    return list(_mixed([readings(1, 4 + number % 5) for number in range(15)], [HEARTBEAT] * 5))


def _mixed(many: list[Frame], few: list[Frame]) -> Iterator[Frame]:
    """Yield both, the few evenly among the many."""
    said = 0
    for number, frame in enumerate(many, 1):
        yield frame
        due = number * len(few) // len(many)
        yield from few[said:due]
        said = due
