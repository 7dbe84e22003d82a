"""Balance transactions: https://docs.stripe.com/api/balance_transactions."""

import stripe

from simulators.stripe.routing import Call, Routes
from simulators.stripe.store import Account
from simulators.stripe.wire import Object, new_id

routes = Routes()


def book(account: Account, amount_minor: int, source: Object, kind: str) -> Object:
    """Return a new balance transaction; the simulator charges no fees."""
    return account.add(
        {
            "id": new_id("txn"),
            "object": "balance_transaction",
            "amount": amount_minor,
            "available_on": account.now(),
            "balance_type": "payments",
            "created": account.now(),
            "currency": source["currency"],
            "description": None,
            "exchange_rate": None,
            "fee": 0,
            "fee_details": [],
            "net": amount_minor,
            "reporting_category": kind,
            "source": source["id"],
            "status": "available",
            "type": kind,
        }
    )


@routes("GET", "/v1/balance_transactions/{id}", stripe.params.BalanceTransactionRetrieveParams)
def retrieve(call: Call) -> Object:
    """Return a balance transaction."""
    return call.account.get("balance_transaction", call.id)
