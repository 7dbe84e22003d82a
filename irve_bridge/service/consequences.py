"""What follows from a charge point's answer to a command, written with the answer.

One entry for each action that leaves something behind at the charge point.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from irve_bridge.domain.charging_profile import TX_PROFILE, ChargingProfile, Clearing
from irve_bridge.domain.configuration import KEYS_MOST, ConfigurationKey
from irve_bridge.domain.reservation import Reservation
from irve_bridge.domain.transaction import Transaction
from irve_bridge.service.masking import masked
from irve_bridge.service.ports import Tx

ACCEPTED = "Accepted"
REBOOT_REQUIRED = "RebootRequired"
UNKNOWN = "Unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A call as it was sent, and the CALLRESULT that came back."""

    charge_point_id: str
    action: str
    payload: Mapping[str, Any]
    answer: Mapping[str, Any]
    at: datetime

    @property
    def accepted(self) -> bool:
        """Whether it was agreed to."""
        return self.answer.get("status") == ACCEPTED


def remember(tx: Tx, exchange: Exchange) -> None:
    """Write down what an answered command left behind."""
    if follows := _FOLLOWS.get(exchange.action):
        follows(tx, exchange)


def moment(text: str) -> datetime:
    """Return a dateTime of a payload in UTC, where it names no zone (OCPP 1.6 ed. 2 §3.16).

    Raises:
        ValueError: It is none.
    """
    found = datetime.fromisoformat(text)
    try:
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(str(error)) from error


def started(tx: Tx, transaction: Transaction) -> None:
    """Forget the reservation that a start names: it is used (OCPP 1.6 ed. 2 §5.13)."""
    if transaction.reservation_id is not None:
        tx.reservations.remove(transaction.charge_point_id, transaction.reservation_id)


def stopped(tx: Tx, transaction: Transaction) -> None:
    """Forget the profiles that were for the transaction alone (OCPP 1.6 ed. 2 §3.13.1)."""
    for profile in tx.charging_profiles.of(transaction.charge_point_id):
        here = profile.connector_number == transaction.connector_number
        if here and profile.purpose == TX_PROFILE:
            tx.charging_profiles.remove(profile)


def _reserved(tx: Tx, exchange: Exchange) -> None:
    if not exchange.accepted:
        return
    asked = exchange.payload
    reservation = Reservation(
        charge_point_id=exchange.charge_point_id,
        id=asked["reservationId"],
        connector_number=asked["connectorId"],
        id_tag=asked["idTag"],
        parent_id_tag=asked.get("parentIdTag"),
        made_at=exchange.at,
        expires_at=moment(asked["expiryDate"]),
    )
    tx.reservations.put(reservation)


def _cancelled(tx: Tx, exchange: Exchange) -> None:
    if exchange.accepted:
        tx.reservations.remove(exchange.charge_point_id, exchange.payload["reservationId"])


def _profile_set(tx: Tx, exchange: Exchange) -> None:
    if exchange.accepted:
        asked = exchange.payload
        _keep(tx, exchange, asked["connectorId"], asked["csChargingProfiles"])


def _start_sent(tx: Tx, exchange: Exchange) -> None:
    """A start may bring the profile of its transaction along (ibid. §5.11)."""
    asked = exchange.payload
    if exchange.accepted and "chargingProfile" in asked and "connectorId" in asked:
        _keep(tx, exchange, asked["connectorId"], asked["chargingProfile"])


def _keep(tx: Tx, exchange: Exchange, connector_number: int, sent: Mapping[str, Any]) -> None:
    profile = ChargingProfile(
        charge_point_id=exchange.charge_point_id,
        connector_number=connector_number,
        id=sent["chargingProfileId"],
        purpose=sent["chargingProfilePurpose"],
        stack_level=sent["stackLevel"],
        profile=sent,
        set_at=exchange.at,
    )
    for other in tx.charging_profiles.of(exchange.charge_point_id):
        if profile.replaces(other):
            tx.charging_profiles.remove(other)
    tx.charging_profiles.put(profile)


def _cleared(tx: Tx, exchange: Exchange) -> None:
    """A charge point that knows none that fit has none that fit."""
    if exchange.answer.get("status") not in (ACCEPTED, UNKNOWN):
        return
    asked = exchange.payload
    clearing = Clearing(
        id=asked.get("id"),
        connector_number=asked.get("connectorId"),
        purpose=asked.get("chargingProfilePurpose"),
        stack_level=asked.get("stackLevel"),
    )
    for profile in tx.charging_profiles.of(exchange.charge_point_id):
        if clearing.covers(profile):
            tx.charging_profiles.remove(profile)


def _changed(tx: Tx, exchange: Exchange) -> None:
    """What needs a reboot is stored all the same (ibid. §5.3)."""
    if exchange.answer.get("status") not in (ACCEPTED, REBOOT_REQUIRED):
        return
    asked = masked(exchange.payload)
    before = tx.configuration.get(exchange.charge_point_id, asked["key"])
    now = ConfigurationKey(
        key=before.key if before else asked["key"],
        value=asked["value"],
        read_at=exchange.at,
        missing=before.still_missing(asked["value"]) if before else (),
    )
    tx.configuration.put(exchange.charge_point_id, now)


def _told(tx: Tx, exchange: Exchange) -> None:
    """Keep what it says of the keys that were asked for; why one was refused stays (ibid. §5.8)."""
    keys = masked(exchange.answer.get("configurationKey"))
    kept = {key.key.casefold(): key for key in tx.configuration.of(exchange.charge_point_id)}
    news: dict[str, ConfigurationKey] = {}
    for told in keys if isinstance(keys, list) else ():
        if not isinstance(told, dict) or not isinstance(told.get("key"), str):
            continue
        value = None if told.get("value") is None else str(told["value"])
        name = told["key"].casefold()
        before = kept.get(name)
        if before is None and len(kept) >= KEYS_MOST:
            continue
        kept[name] = news[name] = ConfigurationKey(
            key=before.key if before else told["key"],
            value=value,
            readonly=told.get("readonly") is True,
            read_at=exchange.at,
            refused=before.refused if before else None,
            missing=before.still_missing(value) if before else (),
        )
    for key in news.values():
        tx.configuration.put(exchange.charge_point_id, key)


_FOLLOWS: dict[str, Callable[[Tx, Exchange], None]] = {
    "ChangeConfiguration": _changed,
    "GetConfiguration": _told,
    "ReserveNow": _reserved,
    "CancelReservation": _cancelled,
    "SetChargingProfile": _profile_set,
    "ClearChargingProfile": _cleared,
    "RemoteStartTransaction": _start_sent,
}
