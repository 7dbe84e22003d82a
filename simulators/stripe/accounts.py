"""The account a key belongs to: https://docs.stripe.com/api/accounts."""

import stripe

from simulators.stripe.routing import Call, Routes
from simulators.stripe.wire import Object

routes = Routes()


@routes("GET", "/v1/account", stripe.params.AccountRetrieveCurrentParams)
def current(call: Call) -> Object:
    """Return the account of the request, ready to take payments."""
    return {
        "id": call.account.id,
        "object": "account",
        "business_type": "company",
        "capabilities": {"card_payments": "active", "transfers": "active"},
        "charges_enabled": True,
        "country": "FR",
        "default_currency": "eur",
        "details_submitted": True,
        "email": None,
        "metadata": {},
        "payouts_enabled": True,
        "type": "standard",
    }
