"""The displays' words, in the driver's language."""

from irve_bridge.domain.session import Session
from irve_bridge.domain.tariff import Tariff
from irve_bridge.i18n import N_, Language
from irve_bridge.price_list import PriceLine, price_list


def price_text(tariff: Tariff, words: Language) -> str:
    """Return a tariff in one line, in the order of the law, with VAT."""
    return "; ".join(_line(price) for price in price_list(tariff, words))


def _line(price: PriceLine) -> str:
    note = f" ({price.note})" if price.note else ""
    return f"{price.label} {price.amount}{price.unit}{note}"


def total_text(session: Session, owed_minor: int, words: Language) -> str:
    """Return what a charge came to."""
    amount = words.money(owed_minor, session.currency)
    if session.energy_wh is None:
        return words.text(N_("Total: %(amount)s with VAT")) % {"amount": amount}
    energy = words.kwh(session.energy_wh)
    told = {"amount": amount, "energy": energy}
    return words.text(N_("Total for %(energy)s: %(amount)s with VAT")) % told
