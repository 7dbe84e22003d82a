"""OCPI tariffs read and checked: what would be priced other than meant is refused.

Every refusal is a sentence that names the tariff and what to write.
"""

from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import UTC, datetime
from decimal import Decimal
from difflib import get_close_matches
from re import fullmatch
from typing import Any

import msgspec

from irve_bridge.domain.breakdown import Dimension
from irve_bridge.domain.errors import TariffRefused
from irve_bridge.domain.money import refusal
from irve_bridge.domain.restrictions import Restrictions
from irve_bridge.domain.tariff import Price, PriceComponent, Tariff, TariffElement

FAST_W = 50_000
_MOST = 100_000_000
_DECIMALS, _DIGITS = 10, 12
_YEARS = (2000, 2100)
_ELEMENTS = 200
_CENT = Decimal("0.01")
_TIME_OF_DAY = "([0-1][0-9]|2[0-3]):[0-5][0-9]"
_PAIRS = ("kwh", "current", "power", "duration")
_RESERVABLE = (Dimension.FLAT, Dimension.TIME)
_STRICT = {"price_components": PriceComponent, "restrictions": Restrictions}


def load(document: dict[str, Any] | str | bytes, power_w: int | None = None) -> Tariff:
    """Read an OCPI tariff object, from JSON text or already parsed.

    Args:
        document: The OCPI object.
        power_w: The connector's power; from 50 kW on a price for charging time is refused.

    Raises:
        TariffRefused: Malformed, not priced by this engine, or not lawful at that power
            (Regulation (EU) 2023/1804, art. 5(4)).
    """
    plain, tariff = parse(document)
    _refuse_any(tariff.id, _misspelled(plain))
    _refuse_any(tariff.id, _wrong(tariff))
    if power_w is not None:
        refuse_unlawful(tariff, power_w)
    return tariff


def parse(document: dict[str, Any] | str | bytes) -> tuple[dict[str, Any], Tariff]:
    """Return a tariff object as it stands, and as a tariff that nobody has checked.

    Raises:
        TariffRefused: It is not one.
    """
    try:
        if isinstance(document, dict):
            plain, tariff = document, msgspec.convert(document, Tariff, strict=False)
        else:
            plain = msgspec.json.decode(document)
            tariff = msgspec.json.decode(document, type=Tariff, strict=False)
        return plain, replace(
            tariff,
            start_date_time=_utc(tariff.start_date_time),
            end_date_time=_utc(tariff.end_date_time),
            last_updated=_utc(tariff.last_updated),
        )
    except (msgspec.MsgspecError, ArithmeticError, RecursionError, UnicodeError) as error:
        raise TariffRefused(f"This is not an OCPI 2.2.1 tariff: {error}.") from error


def refuse_unlawful(tariff: Tariff, power_w: int) -> None:
    """Raise TariffRefused where a fast charge point would be priced by other than energy."""
    priced = {
        component.type
        for element in tariff.elements
        for component in element.price_components
        if component.price > 0 and element.reservation is None
    }
    if power_w < FAST_W:
        return
    by_time = Dimension.TIME in priced
    if by_time or (Dimension.FLAT in priced and Dimension.ENERGY not in priced):
        what = "prices charging time (TIME)" if by_time else "has no price for energy (ENERGY)"
        raise TariffRefused(
            f"Tariff {tariff.id} {what}: at 50 kW and above the price must be per kWh, with at "
            "most an occupancy fee (PARKING_TIME) - Regulation (EU) 2023/1804, art. 5(4)."
        )


def _refuse_any(tariff_id: str, reasons: Iterator[str]) -> None:
    for reason in reasons:
        raise TariffRefused(f"Tariff {tariff_id}: {reason}.")


def _misspelled(plain: dict[str, Any]) -> Iterator[str]:
    """Yield each field that would change the price and is not OCPI's: ignored, it would not."""
    if plain.get("tax_included") not in (None, "NO", "N/A"):
        yield "tax_included is OCPI 2.3.0; prices here are net, so write them without VAT"
    known = [field.name for field in fields(Tariff)]
    for name in plain:
        if name not in known and (meant := get_close_matches(name, known, 1)):
            yield f"{name} is no field of OCPI 2.2.1: is {meant[0]} meant?"
    for name in ("min_price", "max_price"):
        yield from _unknown(plain.get(name) or {}, Price)
    for element in plain["elements"]:
        yield from _unknown(element, TariffElement)
        for name, kind in _STRICT.items():
            found = element.get(name) or ()
            for each in found if isinstance(found, list | tuple) else (found,):
                yield from _unknown(each, kind)


def _unknown(plain: dict[str, Any], kind: type) -> Iterator[str]:
    known = [field.name for field in fields(kind)]
    for name in plain:
        if name not in known:
            yield f"{name} is no field of OCPI 2.2.1 there: it has {', '.join(known)}"


def _wrong(tariff: Tariff) -> Iterator[str]:
    if wrong := refusal(tariff.currency):
        yield wrong
    if not any(e.price_components for e in tariff.elements if e.reservation is None):
        yield "it has no price component; a free tariff needs a FLAT of 0"
    if wrong := next(_not_numbers(tariff), None):
        yield wrong
        return
    if len(tariff.elements) > _ELEMENTS:
        yield f"it has more than {_ELEMENTS} elements"
    if len(tariff.id) > 36:  # noqa: PLR2004 - OCPI's CiString(36)
        yield "its id is longer than 36 characters"
    if not tariff.id.isprintable():
        yield "its id has characters that cannot be printed"
    since, until = tariff.start_date_time, tariff.end_date_time
    if since and until and until <= since:
        yield "end_date_time does not lie after start_date_time"
    yield from _wrong_bounds(tariff)
    for number, element in enumerate(tariff.elements, 1):
        yield from (f"in element {number}, {reason}" for reason in _wrong_element(element))


def _utc(at: datetime | None) -> datetime | None:
    """OCPI's moments are UTC where they do not say; at the ends of time, others cannot be."""
    return at and (at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC))


def _wrong_bounds(tariff: Tariff) -> Iterator[str]:
    for name, price in (("min_price", tariff.min_price), ("max_price", tariff.max_price)):
        if price is None:
            continue
        if price.excl_vat < 0:
            yield f"{name} is negative"
        if price.incl_vat is not None and price.incl_vat < price.excl_vat:
            yield f"{name} is less with VAT than without"
        if price.incl_vat is not None and not _taxed(price, list(_rates(tariff))):
            yield f"incl_vat of {name} is not its excl_vat with the VAT of a price component"
    if tariff.min_price and tariff.max_price and _above(tariff.min_price, tariff.max_price):
        yield "min_price lies above max_price"


def _not_numbers(tariff: Tariff) -> Iterator[str]:
    """Yield what JSON text may say that is no number, or none that money can be."""
    found: list[tuple[str, Any]] = [
        ("min_price", tariff.min_price),
        ("max_price", tariff.max_price),
    ]
    found += [("a price", c) for e in tariff.elements for c in e.price_components]
    found += [("a restriction", e.restrictions) for e in tariff.elements]
    for name, thing in found:
        for field in fields(thing) if thing else ():
            value = getattr(thing, field.name)
            if isinstance(value, Decimal) and not _is_number(value):
                yield (
                    f"{field.name} of {name} is {value}, which is no number below {_MOST} of at "
                    f"most {_DECIMALS} decimals"
                )


def _is_number(value: Decimal) -> bool:
    if not value.is_finite() or abs(value.adjusted()) > _DIGITS:
        return not value and value.is_finite()
    return abs(value) < _MOST and round(value, _DECIMALS) == value


def _rates(tariff: Tariff) -> Iterator[Decimal]:
    yield from (component.vat for e in tariff.elements for component in e.price_components)


def _taxed(price: Price, rates: list[Decimal]) -> bool:
    """Whether a bound's VAT is one that the prices can have, to the rounding of two decimals."""
    least, most = (price.excl_vat * (1 + r / 100) for r in (min(rates), max(rates)))
    return price.incl_vat is not None and least - _CENT < price.incl_vat < most + _CENT


def _above(least: Price, most: Price) -> bool:
    gross = (least.incl_vat, most.incl_vat)
    with_vat = None not in gross and gross[0] > gross[1]  # type: ignore[operator]  # neither is None
    return with_vat or least.excl_vat > most.excl_vat


def _wrong_element(element: TariffElement) -> Iterator[str]:
    if not element.price_components:
        yield "there is no price component"
    types = [component.type for component in element.price_components]
    if len(set(types)) < len(types):
        yield "a type has two prices, of which only the first would hold"
    for component in element.price_components:
        if component.price < 0 or component.vat < 0:
            yield f"the price or VAT of {component.type} is negative"
        if not 0 <= component.step_size <= _MOST:
            yield f"the step_size of {component.type} is negative, or above {_MOST}"
        if element.reservation and component.type not in _RESERVABLE:
            yield f"a reservation has only FLAT and TIME, not {component.type}"
    if element.restrictions:
        yield from _wrong_restrictions(element.restrictions)


def _wrong_restrictions(held: Restrictions) -> Iterator[str]:
    for name in ("start_time", "end_time"):
        text = getattr(held, name)
        if text is not None and not fullmatch(_TIME_OF_DAY, text):
            yield f"{name} must be written HH:MM, not {text!r}"
            return
    if held.start_time == held.end_time and held.start_time not in (None, "00:00"):
        yield "start_time is end_time: leave both out for the whole day"
    for day in (held.start_date, held.end_date):
        if day and not _YEARS[0] <= day.year <= _YEARS[1]:
            yield f"{day} is no date of these days"
    if (held.min_duration or 0) > _MOST or (held.max_duration or 0) > _MOST:
        yield f"min_duration or max_duration is above {_MOST} seconds"
    if held.start_date and held.end_date and held.end_date <= held.start_date:
        yield "end_date does not lie after start_date (it is exclusive)"
    for name in _PAIRS:
        least, most = getattr(held, f"min_{name}"), getattr(held, f"max_{name}")
        if any(bound is not None and bound < 0 for bound in (least, most)):
            yield f"min_{name} or max_{name} is negative"
        if least is not None and most is not None and most <= least:
            yield f"max_{name} does not lie above min_{name} (it is exclusive)"
