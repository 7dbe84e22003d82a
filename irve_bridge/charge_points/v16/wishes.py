"""What payment needs a charge point to be set to, and why (OCPP 1.6 ed. 2 §9.1).

Everything else is its operator's, and only read.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ocpp.v16.enums import Measurand

from irve_bridge.charge_points.settings import DoorSettings

REGISTER: str = Measurand.energy_active_import_register.value
USEFUL: tuple[str, ...] = (Measurand.power_active_import.value, Measurand.soc.value)

ATTEMPTS_LEAST = 5
RETRY_S = 60
PING_S = 60
PING_S_MOST = 120


@dataclass(frozen=True, slots=True)
class Wish:
    """One key: what it is set to unless what it has `suffices`.

    Optional keys may be missing: then there is nothing to be set (§9).
    """

    key: str
    value: str
    suffices: Callable[[str], bool]
    optional: bool = False


@dataclass(frozen=True, slots=True)
class ListWish:
    """One key that lists measurands: the register first, then what is useful, added to the rest."""

    key: str
    useful: tuple[str, ...] = ()


def wishes(settings: DoorSettings) -> Sequence[Wish]:
    """Return the keys with one value each."""
    return (
        # Costs run and limits are kept by what is read meanwhile: how often, the operator says.
        _exactly("MeterValueSampleInterval", settings.meter_interval_s),
        # A charge point that says nothing for longer is looked for; BootNotification.conf says so.
        _exactly("HeartbeatInterval", settings.heartbeat_interval_s),
        # Money goes back when no cable came in time: it must have given up by then.
        _between("ConnectionTimeOut", 1, settings.connection_timeout_s),
        # What it cannot tell at once it must not throw away: it is revenue, or a driver's money.
        Wish("TransactionMessageAttempts", str(ATTEMPTS_LEAST), _at_least(ATTEMPTS_LEAST)),
        _between("TransactionMessageRetryInterval", 1, RETRY_S),
        # What was started on a tag that may not charge must end: nobody pays for it.
        _flag("StopTransactionOnInvalidId", on=True),
        # A tag that nobody knows, while nobody can be asked, is nobody's money.
        _flag("AllowOfflineTxForUnknownId", on=False, optional=True),
        # Who paid is known already: asking again costs a driver seconds, offline the start.
        _flag("AuthorizeRemoteTxRequests", on=False),
        # A line that died unnoticed by the charge point keeps it from being started.
        _between("WebSocketPingInterval", 1, PING_S_MOST, PING_S, optional=True),
    )


LISTS = (
    # Energy is what is billed; power foretells the limit, and drivers like to see the rest.
    ListWish("MeterValuesSampledData", USEFUL),
    # The readings come once more with the stop, those that were lost included.
    ListWish("StopTxnSampledData"),
)


def keys_of(settings: DoorSettings) -> list[str]:
    """Return every key that payment needs to know."""
    needed = [wish.key for wish in wishes(settings)]
    lists = [name for wish in LISTS for name in (wish.key, f"{wish.key}MaxLength")]
    return [*needed, *lists, *READ]


READ = (
    "SupportedFeatureProfiles",
    "NumberOfConnectors",
    "StopTransactionOnEVSideDisconnect",
    "UnlockConnectorOnEVSideDisconnect",
    "LocalAuthorizeOffline",
    "LocalPreAuthorize",
    "ClockAlignedDataInterval",
    "StopTxnAlignedData",
    "CustomDisplayCostAndPrice",
    "NumberOfDecimalsForCostValues",
)
"""What is only read: what a charge point can do, and what explains how charges go there."""


def _exactly(key: str, number: int) -> Wish:
    return Wish(key, str(number), lambda value: _number(value) == number)


def _at_least(least: int) -> Callable[[str], bool]:
    return lambda value: (number := _number(value)) is not None and number >= least


def _between(
    key: str, least: int, most: int, wanted: int | None = None, *, optional: bool = False
) -> Wish:
    def suffices(value: str) -> bool:
        number = _number(value)
        return number is not None and least <= number <= most

    return Wish(key, str(most if wanted is None else wanted), suffices, optional)


def _flag(key: str, *, on: bool, optional: bool = False) -> Wish:
    wanted = str(on).lower()
    return Wish(key, wanted, lambda value: value.strip().casefold() == wanted, optional)


def _number(value: str) -> int | None:
    try:
        return int(value)
    except ValueError:
        return None
