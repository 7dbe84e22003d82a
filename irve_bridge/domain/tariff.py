"""OCPI 2.2.1 tariff objects: read, checked, in OCPI's own field names (mod_tariffs).

What this engine would not price as it is meant is refused when a tariff is loaded, with a sentence:
a price that is not applied is never shown.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from irve_bridge.domain.breakdown import Dimension
from irve_bridge.domain.restrictions import Reservation, Restrictions


@dataclass(frozen=True, slots=True)
class PriceComponent:
    """Net price per kWh, per hour or once, with its VAT in percent."""

    type: Dimension
    price: Decimal
    step_size: int = 1
    vat: Decimal = Decimal(0)

    @property
    def gross(self) -> Fraction:
        """The price with VAT, exact, per kWh, hour or session."""
        return Fraction(self.price) * (1 + Fraction(self.vat) / 100)


class Offer(NamedTuple):
    """A price and when it holds; None means always."""

    component: PriceComponent
    restrictions: Restrictions | None


@dataclass(frozen=True, slots=True)
class TariffElement:
    """Components that hold under the same restrictions."""

    price_components: tuple[PriceComponent, ...]
    restrictions: Restrictions | None = None

    @property
    def reservation(self) -> Reservation | None:
        """Which price of a reservation this is; None for a charge."""
        return self.restrictions.reservation if self.restrictions else None


@dataclass(frozen=True, slots=True)
class DisplayText:
    """A sentence in one language (OCPI DisplayText)."""

    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Price:
    """An amount in major units, without and with VAT (OCPI Price)."""

    excl_vat: Decimal
    incl_vat: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Tariff:
    """An OCPI Tariff, in OCPI's own field names; an operator's own file may leave its party out."""

    id: str
    currency: str
    elements: tuple[TariffElement, ...]
    country_code: str = ""
    party_id: str = ""
    type: str | None = None
    tariff_alt_text: tuple[DisplayText, ...] = ()
    tariff_alt_url: str | None = None
    min_price: Price | None = None
    max_price: Price | None = None
    start_date_time: datetime | None = None
    end_date_time: datetime | None = None
    energy_mix: dict[str, Any] | None = None
    last_updated: datetime | None = None

    @property
    def prices(self) -> tuple[Offer, ...]:
        """What a charge may cost, per kWh, per minute, per session: the order of the law.

        What can never apply is left out, and so is a last price of nothing: without it, it is free.
        """
        offers = [offer for dimension in Dimension for offer in self._offers(dimension)]
        return tuple(offers) or tuple(self._all_offers())[:1]

    def _offers(self, dimension: Dimension) -> list[Offer]:
        """Return what may apply of one dimension: nothing after what always does."""
        offers = []
        for offer in self._all_offers():
            if offer.component.type is dimension:
                offers.append(offer)
                if offer.restrictions is None:
                    break
        while offers and not offers[-1].component.price:
            offers.pop()
        return offers

    def _all_offers(self) -> Iterator[Offer]:
        for element in self.elements:
            held = element.restrictions
            if element.reservation is None:
                for component in element.price_components:
                    yield Offer(component, None if held == Restrictions() else held)

    def with_vat(self, price: Price) -> Fraction:
        """Return a price with VAT; where it does not say, with the highest rate of the tariff."""
        if price.incl_vat is not None:
            return Fraction(price.incl_vat)
        rates = (c.vat for element in self.elements for c in element.price_components)
        return Fraction(price.excl_vat) * (1 + Fraction(max(rates)) / 100)

    @property
    def prices_time(self) -> bool:
        """Whether a clock that is wrong makes a price that is wrong."""
        timed = (Dimension.TIME, Dimension.PARKING_TIME)
        return (
            any(
                component.price > 0 and component.type in timed
                for element in self.elements
                for component in element.price_components
            )
            or self.by_clock
        )

    @property
    def by_clock(self) -> bool:
        """Whether the moment or the duration decides what a kWh costs."""
        return any(e.restrictions.by_clock for e in self.elements if e.restrictions)

    def in_force(self, at: datetime) -> bool:
        """Return whether the tariff may be chosen for a charge that begins at this moment."""
        since, until = self.start_date_time, self.end_date_time
        return (since is None or since <= at) and (until is None or at < until)
