"""What a display is told, as OCA's *OCPP & California Pricing Requirements* has it (§3).

Each message is a DataTransfer whose `data` is a JSON text. Amounts are with VAT, in major units;
prices of time are per hour.
"""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

import msgspec

from irve_bridge.displays.texts import price_text, total_text
from irve_bridge.domain.money import minor_digits
from irve_bridge.domain.rules import Use
from irve_bridge.domain.session import Session, State
from irve_bridge.i18n import Language
from irve_bridge.service import commands
from irve_bridge.service.running import Figures

VENDOR = "org.openchargealliance.costmsg"
PRICE_DECIMALS = 4
CHARGING = {Use.ENERGY: "kWhPrice", Use.CHARGING: "hourPrice", Use.SESSION: "flatFee"}


def transfer(vendor_id: str, message_id: str | None, data: str) -> commands.Call:
    """Return a DataTransfer (OCPP 1.6 ed. 2 §5.6)."""
    named = {"messageId": message_id} if message_id else {}
    return commands.Call("DataTransfer", {"vendorId": vendor_id, **named, "data": data})


def user_price(session: Session, words: Language) -> commands.Call:
    """Return the price for who has just paid."""
    text = price_text(session.tariff, words)
    return _message("SetUserPrice", {"idToken": session.id_tag, "priceText": text})


def running_cost(session: Session, figures: Figures, decimals: int | None) -> commands.Call:
    """Return what a charge costs so far, and the prices by which the display may count on.

    `cost` is of `timestamp`, for the energy up to the register `meterValue`.
    """
    live, prices = figures.live, _prices(figures.prices, decimals)
    idle = {"idlePrice": {"hourPrice": prices[Use.PARKING]}} if Use.PARKING in prices else {}
    return _message(
        "RunningCost",
        {
            "transactionId": int(session.transaction_id or 0),
            "timestamp": live.at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "meterValue": figures.register_wh,
            "cost": _amount(live.cost_minor, live.currency),
            "state": "Idle" if live.paused else "Charging",
            "chargingPrice": {name: prices[use] for use, name in CHARGING.items() if use in prices},
            **idle,
        },
    )


def final_cost(session: Session, words: Language) -> commands.Call:
    """Return what the card pays for a charge that is over."""
    return _message(
        "FinalCost",
        {
            "transactionId": int(session.transaction_id or 0),
            "cost": _amount(owed_minor(session), session.currency),
            "priceText": total_text(session, owed_minor(session), words),
        },
    )


def owed_minor(session: Session) -> int:
    """Return what the card pays in the end; nothing where its money goes back."""
    released = session.state in (State.RELEASING, State.RELEASED)
    return 0 if released else session.decided_minor or 0


def _message(message_id: str, data: Mapping[str, Any]) -> commands.Call:
    return transfer(VENDOR, message_id, msgspec.json.encode(data).decode())


def _prices(prices: Mapping[Use, Fraction], decimals: int | None) -> dict[Use, float]:
    """Return prices rounded to what the display takes; an amount itself is never rounded."""
    places = PRICE_DECIMALS if decimals is None else decimals
    return {use: _rounded(gross, places) for use, gross in prices.items()}


def _rounded(gross: Fraction, places: int) -> float:
    exact = Decimal(gross.numerator) / Decimal(gross.denominator)
    return float(exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP))


def _amount(amount_minor: int, currency: str) -> float:
    return float(Decimal(amount_minor).scaleb(-minor_digits(currency)))
