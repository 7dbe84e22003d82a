"""A Checkout Session's line items, from ``price_data`` or a stored price."""

from simulators.stripe import catalogue
from simulators.stripe.currencies import check_amount, normalised
from simulators.stripe.store import Account
from simulators.stripe.wire import InvalidParameterError, Object, StripeError, new_id


def priced(account: Account, params: Object) -> Object:
    """Return the list of line items of a new session, checked against the least amount.

    Raises:
        StripeError: for unknown prices, mixed currencies and totals Stripe would not charge.
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
    price, name = _priced(account, given)
    quantity: int = given.get("quantity", 1)
    total_minor = price["unit_amount"] * quantity
    return {
        "id": new_id("li"),
        "object": "item",
        "adjustable_quantity": None,
        "amount_discount": 0,
        "amount_subtotal": total_minor,
        "amount_tax": 0,
        "amount_total": total_minor,
        "currency": price["currency"],
        "description": name,
        "metadata": {},
        "price": price,
        "quantity": quantity,
    }


def _priced(account: Account, given: Object) -> tuple[Object, str | None]:
    """Return an item's price and the name of its product."""
    if "price" in given:
        price = account.get("price", given["price"], "line_items[0][price]")
        return price, str(account.objects["product"][price["product"]]["name"])
    price_data: Object = given.get("price_data", {})
    if "unit_amount" not in price_data:
        raise InvalidParameterError(
            "Only price_data with unit_amount and stored prices are simulated.",
            param="line_items[0][price_data]",
        )
    currency, product_id = normalised(price_data["currency"]), new_id("prod", 14)
    price = catalogue.price(account, price_data["unit_amount"], currency, product_id)
    return price | {"active": False}, price_data.get("product_data", {}).get("name")
