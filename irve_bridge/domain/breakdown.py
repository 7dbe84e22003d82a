"""What a charge costs, in parts that add up."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class Dimension(StrEnum):
    """What a price component charges for (OCPI TariffDimensionType), in the order it is shown.

    Per kWh, per minute, per session is the order of Regulation (EU) 2023/1804, art. 5(4).
    """

    ENERGY = "ENERGY"
    TIME = "TIME"
    PARKING_TIME = "PARKING_TIME"
    FLAT = "FLAT"


@dataclass(frozen=True, slots=True)
class Line:
    """One price component of a bill; `energy_wh` and `seconds` are what is billed of it."""

    dimension: Dimension
    price: Decimal
    vat: Decimal
    energy_wh: int
    seconds: int
    net_minor: int
    gross_minor: int
    reservation: bool = False


@dataclass(frozen=True, slots=True)
class VatLine:
    """The VAT of one rate."""

    percent: Decimal
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Bound:
    """What min_price adds to the lines, or max_price takes off them."""

    net_minor: int
    gross_minor: int


@dataclass(frozen=True, slots=True)
class Breakdown:
    """What a charge costs: `net_minor` plus the VAT lines is `gross_minor`, always.

    The lines and the bound add up to it too, net and gross.
    """

    currency: str
    gross_minor: int
    net_minor: int
    lines: tuple[Line, ...] = ()
    vat: tuple[VatLine, ...] = ()
    bound: Bound | None = None
