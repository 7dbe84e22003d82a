"""What charge points can do, as their configuration says; what one never said it cannot."""

from irve_bridge.domain.configuration import is_true, listed
from irve_bridge.service.ports import Tx

SHOWS_COSTS = "CustomDisplayCostAndPrice"
COST_DECIMALS = "NumberOfDecimalsForCostValues"
CONNECTORS = "NumberOfConnectors"


def supports(tx: Tx, charge_point_id: str, profile: str) -> bool:
    """Return whether a charge point has a feature profile: "Reservation", for example.

    Its names are those of OCPP 1.6 ed. 2 §9.1.29.
    """
    profiles = listed(_value(tx, charge_point_id, "SupportedFeatureProfiles"))
    return profile.casefold() in (each.casefold() for each in profiles)


def shows_costs(tx: Tx, charge_point_id: str) -> bool:
    """Return whether its display shows prices and costs (OCA, OCPP & California Pricing)."""
    return is_true(_value(tx, charge_point_id, SHOWS_COSTS))


def cost_decimals(tx: Tx, charge_point_id: str) -> int | None:
    """Return with how many decimals its display takes amounts; None where it does not say."""
    return _count(tx, charge_point_id, COST_DECIMALS)


def connectors_said(tx: Tx, charge_point_id: str) -> int | None:
    """Return how many connectors it says that it has; None where it does not say."""
    return _count(tx, charge_point_id, CONNECTORS)


def _count(tx: Tx, charge_point_id: str, key: str) -> int | None:
    said = _value(tx, charge_point_id, key) or ""
    return int(said) if said.isascii() and said.isdigit() else None


def _value(tx: Tx, charge_point_id: str, key: str) -> str | None:
    known = tx.configuration.get(charge_point_id, key)
    return known.value if known else None
