"""A Checkout Session's line items, from ``price_data`` only: there is no product catalogue."""

from typing import Any

from simulators.stripe.currencies import check_amount, normalised
from simulators.stripe.store import Account
from simulators.stripe.wire import InvalidParameterError, Object, StripeError, new_id


def priced(account: Account, params: Object) -> Object:
    """Return the list of line items of a new session, checked against the least amount.

    Raises:
        StripeError: for stored prices, mixed currencies and totals Stripe would not charge.
    """
    items = [_item(account, item) for item in params.get("line_items", [])]
    if items:
        _check_total(items)
    return {
        "object": "list",
        "data": items,
        "has_more": False,
        "url": "/v1/checkout/sessions/line_items",
    }


def _check_total(items: list[Object]) -> None:
    currencies = {item["currency"] for item in items}
    if len(currencies) > 1:
        raise InvalidParameterError(
            "All line items must have the same currency.", param="line_items"
        )
    try:
        check_amount(sum(item["amount_total"] for item in items), currencies.pop())
    except StripeError as refusal:
        refusal.error["message"] = (
            f"The Checkout Session's total amount due is refused: {refusal.error['message']}"
        )
        refusal.error.pop("param", None)
        raise


def _item(account: Account, given: Object) -> Object:
    price_data: Object | None = given.get("price_data")
    if price_data is None or "unit_amount" not in price_data:
        raise InvalidParameterError(
            "Only price_data with unit_amount is simulated.", param="line_items[0][price_data]"
        )
    quantity: int = given.get("quantity", 1)
    currency = normalised(price_data["currency"])
    total_minor = price_data["unit_amount"] * quantity
    product: Any = price_data.get("product_data", {})
    return {
        "id": new_id("li"),
        "object": "item",
        "adjustable_quantity": None,
        "amount_discount": 0,
        "amount_subtotal": total_minor,
        "amount_tax": 0,
        "amount_total": total_minor,
        "currency": currency,
        "description": product.get("name"),
        "metadata": {},
        "price": _price(account, price_data["unit_amount"], currency),
        "quantity": quantity,
    }


def _price(account: Account, unit_minor: int, currency: str) -> Object:
    return {
        "id": new_id("price"),
        "object": "price",
        "active": False,
        "billing_scheme": "per_unit",
        "created": account.now(),
        "currency": currency,
        "custom_unit_amount": None,
        "livemode": False,
        "lookup_key": None,
        "metadata": {},
        "nickname": None,
        "product": new_id("prod", 14),
        "recurring": None,
        "tax_behavior": "unspecified",
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "one_time",
        "unit_amount": unit_minor,
        "unit_amount_decimal": str(unit_minor),
    }
