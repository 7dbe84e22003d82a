"""Customers: https://docs.stripe.com/api/customers."""

import stripe

from simulators.stripe import listing, payment_methods
from simulators.stripe.routing import Call, Routes
from simulators.stripe.store import Account, missing
from simulators.stripe.wire import Object, new_id

routes = Routes()
_FIELDS = "address description email metadata name phone preferred_locales shipping tax_exempt"


def new(account: Account, **fields: object) -> Object:
    """Create a customer and return it."""
    customer = account.add(
        {
            "id": new_id("cus", 14),
            "object": "customer",
            "address": None,
            "balance": 0,
            "created": account.now(),
            "currency": None,
            "customer_account": None,
            "default_source": None,
            "delinquent": False,
            "description": None,
            "discount": None,
            "email": None,
            "invoice_prefix": new_id("", 8).strip("_").upper(),
            "invoice_settings": {
                "custom_fields": None,
                "default_payment_method": None,
                "footer": None,
                "rendering_options": None,
            },
            "livemode": False,
            "metadata": {},
            "name": None,
            "next_invoice_sequence": 1,
            "phone": None,
            "preferred_locales": [],
            "shipping": None,
            "tax_exempt": "none",
            "test_clock": None,
        }
        | fields
    )
    account.emit("customer.created", customer)
    return customer


@routes("POST", "/v1/customers", stripe.params.CustomerCreateParams, f"{_FIELDS} payment_method")
def create(call: Call) -> Object:
    """Create a customer, with a payment method attached if one is given."""
    payment_method = call.params.pop("payment_method", None)
    fields = {name: value or None for name, value in call.params.items()}
    customer = new(call.account, **fields | {"metadata": call.params.get("metadata") or {}})
    if payment_method:
        payment_methods.attach_to(call.account, payment_method, customer["id"])
    return customer


@routes("GET", "/v1/customers", stripe.params.CustomerListParams, f"{listing.DATED_PAGE} email")
def index(call: Call) -> Object:
    """List customers."""
    rows = [row for row in call.account.all("customer") if not row.get("deleted")]
    return listing.page("/v1/customers", listing.matching(rows, call.params, "email"), call.params)


@routes("GET", "/v1/customers/{id}", stripe.params.CustomerRetrieveParams)
def retrieve(call: Call) -> Object:
    """Return a customer, or its tombstone."""
    return call.account.get("customer", call.id)


@routes("POST", "/v1/customers/{id}", stripe.params.CustomerUpdateParams, _FIELDS)
def update(call: Call) -> Object:
    """Change a customer."""
    customer = existing(call.account, call.id)
    changes = {name: value or None for name, value in call.params.items()}
    if "metadata" in changes:
        changes["metadata"] = merged(customer["metadata"], call.params["metadata"])
    call.account.update(customer, "customer.updated", **changes)
    return customer


@routes("DELETE", "/v1/customers/{id}", stripe.params.CustomerDeleteParams)
def delete(call: Call) -> Object:
    """Delete a customer and detach its payment methods."""
    customer = existing(call.account, call.id)
    for payment_method in call.account.all("payment_method"):
        if payment_method["customer"] == call.id:
            payment_methods.detach_from(call.account, payment_method)
    call.account.emit("customer.deleted", customer)
    tombstone = {"id": call.id, "object": "customer", "deleted": True}
    customer.clear()
    customer.update(tombstone)
    return tombstone


@routes(
    "GET",
    "/v1/customers/{id}/payment_methods",
    stripe.params.CustomerPaymentMethodListParams,
    f"{listing.PAGE} type",
)
def payment_methods_of(call: Call) -> Object:
    """List a customer's payment methods."""
    existing(call.account, call.id)
    url = f"/v1/customers/{call.id}/payment_methods"
    return payment_methods.listed(call.account, url, call.params | {"customer": call.id})


def existing(account: Account, customer_id: str, param: str | None = None) -> Object:
    """Return a customer that is not deleted.

    Raises:
        StripeError: ``resource_missing``.
    """
    customer = account.get("customer", customer_id, param)
    if customer.get("deleted"):
        raise missing("customer", customer_id, param)
    return customer


def merged(metadata: Object, change: Object | str) -> Object:
    """Return metadata after an update: empty values unset keys, an empty whole unsets all."""
    if isinstance(change, str):
        return {}
    return {name: value for name, value in (metadata | change).items() if value != ""}
