"""What requests carry, as pydantic models: amounts in minor units with their currency."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import parse_qsl

from aiohttp import web
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)

from irve_bridge.domain.money import minor_digits
from irve_bridge.domain.session import MeteredBy, PlanName, State
from irve_bridge.service.desk import Opening
from irve_bridge.web.refusals import RequestRefused, refuse_invalid

KWH = r"^\d{1,3}(\.\d{1,3})?$"
SOME_KWH = r"^([1-9]\d{0,2}(\.\d{1,3})?|0\.\d{0,2}[1-9])$"


def kwh_schema(text: str, **bound: int) -> dict[str, Any]:
    """Return what JSON Schema says of kWh: to the Wh, and as text, too, which is exact."""
    number = {"type": "number", "maximum": 1000, "multipleOf": 0.001, **bound}
    return {"anyOf": [number, {"type": "string", "pattern": text}]}


def _whole(told: object) -> object:
    """JSON knows one kind of numbers: 5.0 is 5."""
    return int(told) if isinstance(told, float) and told.is_integer() else told


Whole = BeforeValidator(_whole)
Name = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f]+$", max_length=255)]
ClientId = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f]+$", max_length=200)]
Currency = Annotated[str, StringConstraints(pattern="^[A-Za-z]{3}$", to_upper=True)]
AmountMinor = Annotated[int, Field(ge=1, le=99_999_999), Whole]
AmountOrNothing = Annotated[int, Field(ge=0, le=99_999_999), Whole]
EnergyKwh = Annotated[
    Decimal,
    Field(gt=0, le=1000, decimal_places=3),
    WithJsonSchema(kwh_schema(SOME_KWH, exclusiveMinimum=0)),
]
EnergyWh = Annotated[int, Field(ge=0, le=1_000_000), Whole]
Minutes = Annotated[int, Field(ge=1, le=1440), Whole]
M = TypeVar("M")


def only_one_of(*names: str, none: bool = False) -> dict[str, Any]:
    """Return in the words of JSON Schema that one of these fields is given, or perhaps none."""
    absent = {"type": "null"}
    choices: list[dict[str, Any]] = [
        {
            "required": [given],
            "properties": {name: {"not": absent} if name == given else absent for name in names},
        }
        for given in names
    ]
    return {"oneOf": [*choices, *([{"properties": dict.fromkeys(names, absent)}] if none else [])]}


class Body(BaseModel):
    """Nothing unknown is accepted: a misspelt field never passes for a missing one."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Place(Body):
    """One connector."""

    charge_point_id: Name
    connector_id: Annotated[int, Field(ge=1, le=999_999_999), Whole]


class Quantity(Body):
    """An energy or a duration."""

    model_config = ConfigDict(json_schema_extra=only_one_of("energy_kwh", "minutes"))

    energy_kwh: EnergyKwh | None = None
    minutes: Minutes | None = Field(default=None, validate_default=True)

    @property
    def energy_wh(self) -> int | None:
        """The energy in Wh."""
        return None if self.energy_kwh is None else int(self.energy_kwh * 1000)

    @field_validator("minutes")
    @classmethod
    def _one(cls, minutes: int | None, info: ValidationInfo) -> int | None:
        if (info.data.get("energy_kwh") is None) == (minutes is None):
            raise ValueError("give either energy_kwh or minutes")
        return minutes


class Quote(Quantity, Place):
    """Ask what an energy or a duration costs here, in words of a language if it is one of ours."""

    lang: str | None = None


class Payment(Place):
    """What every way to pay needs.

    `currency` and `price_digest`, where given, must be the station's.
    """

    currency: Currency | None = None
    price_digest: Name | None = None
    client_id: ClientId | None = None


class FixedPayment(Payment):
    """Pay an amount now; what is not used goes back."""

    payment_type: Literal["fixed"]
    amount: AmountMinor


class EstimatedPayment(Quantity, Payment):
    """Hold the price of an energy or a duration; only the cost is captured."""

    payment_type: Literal["estimated"]


class DynamicPayment(Payment):
    """Keep the card and charge the cost at the end."""

    payment_type: Literal["dynamic"]


AnyPayment = FixedPayment | EstimatedPayment | DynamicPayment
PAYMENT: TypeAdapter[AnyPayment] = TypeAdapter(
    Annotated[AnyPayment, Field(discriminator="payment_type")]
)


class Start(Place):
    """The CSMS's own session: it brings the driver's payment method (`pm_…`) or token (`tok_…`)."""

    model_config = ConfigDict(json_schema_extra=only_one_of("payment_method_id", "token"))

    payment_type: Literal["dynamic"] = "dynamic"
    metered_by: MeteredBy = MeteredBy.BRIDGE
    payment_method_id: Annotated[str, StringConstraints(pattern="^pm_", max_length=255)] | None = (
        None
    )
    token: Annotated[str, StringConstraints(pattern="^tok_", max_length=255)] | None = Field(
        default=None, validate_default=True
    )
    client_id: ClientId | None = None

    @field_validator("token")
    @classmethod
    def _one(cls, token: str | None, info: ValidationInfo) -> str | None:
        if (info.data.get("payment_method_id") is None) == (token is None):
            raise ValueError("give either payment_method_id or token")
        return token


class End(Body):
    """End a session; energy or amount only for one that the CSMS meters."""

    model_config = ConfigDict(
        json_schema_extra=only_one_of("energy_wh", "energy_kwh", "amount", none=True)
    )

    session_id: Name
    energy_wh: EnergyWh | None = None
    energy_kwh: (
        Annotated[
            Decimal,
            Field(ge=0, le=1000, decimal_places=3),
            WithJsonSchema(kwh_schema(KWH, minimum=0)),
        ]
        | None
    ) = None
    amount: AmountOrNothing | None = None
    currency: Currency | None = None

    @field_validator("energy_kwh", "amount")
    @classmethod
    def _only_one(
        cls, reported: Decimal | int | None, info: ValidationInfo
    ) -> Decimal | int | None:
        before = (info.data.get("energy_wh"), info.data.get("energy_kwh"))
        if reported is not None and before != (None, None):
            raise ValueError("give only one of energy_wh, energy_kwh and amount")
        return reported

    @property
    def reported_wh(self) -> int | None:
        """The reported energy in Wh, in whichever unit it came."""
        return self.energy_wh if self.energy_kwh is None else int(self.energy_kwh * 1000)


class Finish(Body):
    """A driver's wish to stop."""

    token: str | None = None


class Extension(Body):
    """A driver's agreement to a larger hold: this much in all."""

    amount: AmountMinor


class Refund(Body):
    """Give money back, all that is paid without an amount; the reason is kept in the history."""

    amount: AmountMinor | None = None
    currency: Currency | None = None
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


class Decision(Body):
    """What the driver pays, 0 for nothing."""

    amount: AmountOrNothing
    currency: Currency | None = None


class Listing(Body):
    """Which sessions, and how many of them, newest first."""

    state: State | None = None
    limit: Annotated[int, Field(ge=1, le=1000)] = 100


class Page(Body):
    """Which part of a list: what follows on `after`, and how much of it."""

    after: Annotated[str, StringConstraints(max_length=255)] = ""
    limit: Annotated[int, Field(ge=1, le=1000)] = 100


class NumberedPage(Body):
    """What follows on the number `after`, downwards, and how much of it."""

    after: Annotated[int, Field(ge=1, le=2**63 - 1)] | None = None
    limit: Annotated[int, Field(ge=1, le=1000)] = 100


class ChargePointsPage(Page):
    """Charge points, all or those that are connected or are not."""

    online: bool | None = None


class TransactionsPage(Page):
    """Transactions, all or of one charge point, running or over."""

    charge_point_id: Name | None = None
    running: bool | None = None


class ReservationsPage(Page):
    """Reservations, all or of one charge point."""

    charge_point_id: Name | None = None


class Registering(Body):
    """Whether the charge point was `replaced` by another one of its name."""

    replaced: bool = False


class Pay(Body):
    """A wish to pay what is due: the amount is the bridge's to say."""


def opening(payment: AnyPayment, locale: str) -> Opening:
    """Return the request as the desk takes it."""
    quantity = payment if isinstance(payment, EstimatedPayment) else None
    return Opening(
        plan=PlanName(payment.payment_type),
        charge_point_id=payment.charge_point_id,
        connector_number=payment.connector_id,
        amount_minor=payment.amount if isinstance(payment, FixedPayment) else None,
        energy_wh=quantity.energy_wh if quantity else None,
        minutes=quantity.minutes if quantity else None,
        client_id=payment.client_id,
        locale=locale,
    )


async def read_json(request: web.Request, model: TypeAdapter[M]) -> tuple[M, str]:
    """Return a JSON body and its text.

    Raises:
        RequestRefused: 415 for another type, 422 naming the field at fault.
    """
    if request.content_type != "application/json":
        raise RequestRefused(415, "unsupported_type", "Send the body as application/json.")
    text = (await request.read()).decode(errors="replace")
    return validated_json(model, text or "{}"), text


def validated_json(model: TypeAdapter[M], text: str) -> M:
    """Return JSON, validated: a text never passes for a number there, nor `true` for 1.

    Raises:
        RequestRefused: 422 naming the field at fault.
    """
    try:
        return model.validate_json(text, strict=True)
    except ValidationError as error:
        refuse_invalid(error)


def read_query(request: web.Request, model: TypeAdapter[M]) -> M:
    """Return the parameters of an address.

    Raises:
        RequestRefused: 422 naming the one at fault, also one that is given twice.
    """
    for name in request.query:
        if len(request.query.getall(name)) > 1:
            raise RequestRefused(422, "invalid", f"{name}: given more than once.", name)
    return validated(model, request.query)


async def read_form(request: web.Request) -> dict[str, str]:
    """Return the fields of a form.

    Raises:
        RequestRefused: 415 for another type.
    """
    if request.content_type != "application/x-www-form-urlencoded":
        raise RequestRefused(415, "unsupported_type", "Send the form as a browser does, or JSON.")
    text = (await request.read()).decode(errors="replace")
    return dict(parse_qsl(text, keep_blank_values=True))


def validated(model: TypeAdapter[M], fields: Mapping[str, str]) -> M:
    """Return fields of a form or a query, validated.

    Raises:
        RequestRefused: 422 naming the field at fault.
    """
    try:
        return model.validate_python(dict(fields))
    except ValidationError as error:
        refuse_invalid(error)


def payment_fields(form: Mapping[str, str], currency: str) -> dict[str, str]:
    """Return what the station page's form says, as the API's fields.

    What was typed goes before what was picked from a list.
    """
    names = ("charge_point_id", "connector_id", "payment_type", "price_digest")
    fields = {name: form[name] for name in names if name in form}
    match fields.get("payment_type"):
        case "fixed":
            fields["amount"] = _typed_minor(form, currency) or form.get("amount", "")
        case "estimated":
            unit, _, quantity = form.get("estimate", "").partition(":")
            if typed := form.get("estimate_typed", "").strip().replace(",", "."):
                unit, quantity = form.get("estimate_unit", "energy_kwh"), typed
            fields[unit if unit == "minutes" else "energy_kwh"] = quantity
    return fields


def _typed_minor(form: Mapping[str, str], currency: str) -> str | None:
    typed = form.get("amount_typed", "").strip().replace(",", ".")
    if not typed:
        return None
    try:
        return f"{(Decimal(typed) * 10 ** minor_digits(currency)).normalize():f}"
    except ArithmeticError:
        return typed
