"""Products and one-time prices: https://docs.stripe.com/api/products and /api/prices."""

import stripe

from simulators.stripe.currencies import normalised
from simulators.stripe.routing import Call, Routes
from simulators.stripe.store import Account
from simulators.stripe.wire import InvalidParameterError, Object, new_id

routes = Routes()


def price(account: Account, unit_minor: int, currency: str, product_id: str) -> Object:
    """Return a new price; keeping it is the caller's part."""
    return {
        "id": new_id("price"),
        "object": "price",
        "active": True,
        "billing_scheme": "per_unit",
        "created": account.now(),
        "currency": currency,
        "custom_unit_amount": None,
        "livemode": False,
        "lookup_key": None,
        "metadata": {},
        "nickname": None,
        "product": product_id,
        "recurring": None,
        "tax_behavior": "unspecified",
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "one_time",
        "unit_amount": unit_minor,
        "unit_amount_decimal": str(unit_minor),
    }


@routes("POST", "/v1/prices", stripe.params.PriceCreateParams, "currency product unit_amount")
def create_price(call: Call) -> Object:
    """Keep a price of a product."""
    account, params = call.account, call.params
    for name in ("product", "unit_amount"):
        if name not in params:
            raise InvalidParameterError(f"Only prices with {name} are simulated.", param=name)
    product = account.get("product", params["product"], "product")
    currency = normalised(params["currency"])
    made = account.add(price(account, params["unit_amount"], currency, product["id"]))
    account.emit("price.created", made)
    return made


@routes("GET", "/v1/prices/{id}", stripe.params.PriceRetrieveParams)
def retrieve_price(call: Call) -> Object:
    """Return a price."""
    return call.account.get("price", call.id)


@routes("POST", "/v1/products", stripe.params.ProductCreateParams, "name description metadata")
def create_product(call: Call) -> Object:
    """Keep a product."""
    account = call.account
    unset = (
        "default_price",
        "description",
        "package_dimensions",
        "shippable",
        "statement_descriptor",
        "tax_code",
        "unit_label",
        "url",
    )
    product = account.add(
        dict.fromkeys(unset)
        | {
            "id": new_id("prod", 14),
            "object": "product",
            "active": True,
            "created": account.now(),
            "images": [],
            "livemode": False,
            "marketing_features": [],
            "metadata": {},
            "type": "service",
            "updated": account.now(),
        }
        | call.params
    )
    account.emit("product.created", product)
    return product


@routes("GET", "/v1/products/{id}", stripe.params.ProductRetrieveParams)
def retrieve_product(call: Call) -> Object:
    """Return a product."""
    return call.account.get("product", call.id)
