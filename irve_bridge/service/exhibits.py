"""The document of a session's evidence, part by part."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import TypedDict

from irve_bridge.domain.breakdown import Breakdown, Dimension
from irve_bridge.domain.receipt import Kind as ReceiptKind
from irve_bridge.domain.restrictions import Restrictions
from irve_bridge.domain.session import PlanName, State
from irve_bridge.domain.signatures import SignedReading
from irve_bridge.domain.tariff import Tariff


class Shown(TypedDict):
    """A price including VAT, as it was shown, and when it holds."""

    type: Dimension
    per: str
    gross: Decimal
    restrictions: Restrictions | None


class AgreedPrice(TypedDict):
    """The tariff as it was frozen, and what was shown of it."""

    digest: str
    shown: list[Shown]
    tariff: Tariff


class Consent(TypedDict):
    """What the driver agreed to, and in which words."""

    plan: PlanName
    agreed_amount: int
    unused_part_refunded: bool
    ordered_at: datetime
    language: str
    card_brought_by_csms: bool
    wording: list[str]


class Driver(TypedDict):
    """What is known of the driver, as long as it is kept."""

    client_id: str | None
    email: str | None


class Where(TypedDict):
    """The connector, and who operates it."""

    charge_point_id: str
    connector_id: int
    evse_id: str | None
    name: str | None
    address: str | None
    time_zone: str | None
    operator: str | None
    operator_phone: str | None


class Times(TypedDict):
    """When the session went which step."""

    opened_at: datetime
    secured_at: datetime | None
    started_at: datetime | None
    stopped_at: datetime | None
    due_since: datetime | None
    ended_at: datetime | None


class Register(TypedDict):
    """One reading of the meter."""

    at: datetime
    said_at: datetime | None
    register_wh: int | None
    rounding_wh: int
    power_w: int | None
    context: str


class Meter(TypedDict):
    """What the meter told, and what it signed."""

    transaction_id: str
    start_at: datetime
    start_said_at: datetime | None
    start_register_wh: int
    stop_at: datetime | None
    stop_register_wh: int | None
    stop_reason: str | None
    stop_presumed: bool
    readings: list[Register]
    signed_readings: Sequence[SignedReading]


class Amounts(TypedDict):
    """Agreed to, proven by the provider, owed in the end, paid by now."""

    agreed: int
    secured: int | None
    decided: int | None
    paid: int


class Change(TypedDict):
    """A change of state."""

    at: datetime
    event: str
    before: str
    after: str


class Moved(TypedDict):
    """A movement of money, with the provider's ids."""

    at: datetime
    kind: str
    amount: int
    currency: str
    provider: str
    account: str
    provider_id: str
    payment_id: str | None


class Paper(TypedDict):
    """A receipt."""

    number: int
    kind: ReceiptKind
    at: datetime
    amount: int


class Callback(TypedDict):
    """Something that the CSMS was told."""

    type: str
    at: datetime


class Undelivered(TypedDict):
    """A callback that the CSMS did not take."""

    since: datetime
    status: str
    note: str | None


class Dispute(TypedDict):
    """How a dispute stood, in the provider's words."""

    at: datetime
    dispute_id: str
    payment_id: str
    status: str
    reason: str
    amount: int


class Evidence(TypedDict):
    """What answers a dispute; amounts in minor units, energy in Wh."""

    session_id: str
    status: State
    currency: str
    price: AgreedPrice
    consent: Consent
    driver: Driver
    place: Where
    times: Times
    meter: Meter | None
    energy_wh: int | None
    cost: Breakdown | None
    amounts: Amounts
    history: list[Change]
    movements: list[Moved]
    receipts: list[Paper]
    callbacks: list[Callback]
    callbacks_not_delivered: list[Undelivered]
    disputes: list[Dispute]
