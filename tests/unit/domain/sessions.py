"""Sessions to begin tests with."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from irve_bridge.domain.breakdown import Dimension
from irve_bridge.domain.session import MeteredBy, PlanName, Session
from irve_bridge.domain.tariff import PriceComponent, Tariff, TariffElement

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(minutes=30)


def tariff(**prices: str) -> Tariff:
    """A tariff with 20 % VAT, e.g. ENERGY="0.50"; without prices 0.50 per kWh."""
    prices = prices or {"ENERGY": "0.50"}
    return Tariff(
        id="T",
        currency="EUR",
        elements=(
            TariffElement(
                tuple(
                    PriceComponent(Dimension(d), Decimal(p), vat=Decimal(20))
                    for d, p in prices.items()
                )
            ),
        ),
    )


def session(plan: PlanName = PlanName.DYNAMIC, **changes: Any) -> Session:
    """An open session; one with anything paid was charged."""
    changes.setdefault("taken", bool(changes.get("paid_minor")))
    base = Session(
        id="ses_1",
        token="token",
        plan=plan,
        metered_by=MeteredBy.BRIDGE,
        charge_point_id="CP1",
        connector_number=1,
        id_tag="ABCDEF0123456789",
        tariff=tariff(),
        currency="EUR",
        amount_minor=3000,
        least_minor=50,
        opened_at=NOW,
        provider="stripe",
        customer_id="cus_1",
    )
    return replace(base, **changes)
