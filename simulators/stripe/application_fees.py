"""Application fees: what the platform takes of a connected account's payment.

https://docs.stripe.com/api/application_fees
"""

import stripe

from simulators.stripe import balance_transactions, listing
from simulators.stripe.routing import Call, Routes
from simulators.stripe.store import APPLICATION, Account, Movement
from simulators.stripe.wire import InvalidParameterError, Object, StripeError, new_id

routes = Routes()


def check(account: Account, fee_minor: int | None, amount_minor: int) -> None:
    """Refuse a fee nobody would get, or one above the payment.

    Raises:
        InvalidParameterError: naming ``application_fee_amount``.
    """
    if fee_minor is None:
        return
    if account.platform is None:
        raise InvalidParameterError(
            "Can only apply an application_fee_amount when the PaymentIntent is attempting a "
            "direct payment (using an OAuth key or Stripe-Account header) or destination payment "
            "(using `transfer_data[destination]`).",
            param="application_fee_amount",
        )
    if not 0 <= fee_minor <= amount_minor:
        raise InvalidParameterError(
            "The application fee must not be negative or greater than the amount.",
            param="application_fee_amount",
        )


def take(account: Account, charge: Object) -> None:
    """Take a captured charge's fee, at most what was captured."""
    platform, wanted_minor = account.platform, charge["application_fee_amount"]
    if platform is None or not wanted_minor:
        return
    fee_minor = min(wanted_minor, charge["amount_captured"])
    fee = platform.add(_new(platform, account, charge, fee_minor))
    booking = balance_transactions.book(platform, fee_minor, fee, "application_fee")
    fee["balance_transaction"] = booking["id"]
    charge |= {"application_fee": fee["id"], "application_fee_amount": fee_minor}
    account.move(Movement.FEE, charge["payment_intent"], fee_minor)
    platform.emit("application_fee.created", fee)


def _new(platform: Account, account: Account, charge: Object, fee_minor: int) -> Object:
    fee_id = new_id("fee")
    return {
        "id": fee_id,
        "object": "application_fee",
        "account": account.id,
        "amount": fee_minor,
        "amount_refunded": 0,
        "application": APPLICATION,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": platform.now(),
        "currency": charge["currency"],
        "fee_source": {"charge": charge["id"], "type": "charge"},
        "livemode": False,
        "originating_transaction": None,
        "refunded": False,
        "refunds": listing.page(f"/v1/application_fees/{fee_id}/refunds", [], {}),
    }


def check_taken(charge: Object) -> None:
    """Refuse to refund a fee that was not taken.

    Raises:
        StripeError: naming ``refund_application_fee``.
    """
    if not charge["application_fee"]:
        raise StripeError(
            400,
            f"Charge {charge['id']} has no application fee to refund.",
            param="refund_application_fee",
        )


def give_back(account: Account, charge: Object, refunded_minor: int) -> None:
    """Give the fee back in proportion to a refund of its charge."""
    platform = account.platform
    if platform is None:
        return
    fee = platform.objects["application_fee"][charge["application_fee"]]
    whole = charge["amount_refunded"] == charge["amount_captured"]
    left_minor = fee["amount"] - fee["amount_refunded"]
    share_minor = fee["amount"] * refunded_minor // charge["amount_captured"]
    amount_minor = left_minor if whole else min(share_minor, left_minor)
    fee["amount_refunded"] += amount_minor
    fee["refunded"] = fee["amount_refunded"] == fee["amount"]
    fee["refunds"]["data"].insert(0, _refund(platform, fee, amount_minor))
    account.move(Movement.FEE_REFUND, charge["payment_intent"], amount_minor)
    platform.emit("application_fee.refunded", fee)


def _refund(platform: Account, fee: Object, amount_minor: int) -> Object:
    return {
        "id": new_id("fr"),
        "object": "fee_refund",
        "amount": amount_minor,
        "balance_transaction": None,
        "created": platform.now(),
        "currency": fee["currency"],
        "fee": fee["id"],
        "metadata": {},
    }


@routes(
    "GET",
    "/v1/application_fees",
    stripe.params.ApplicationFeeListParams,
    f"{listing.DATED_PAGE} charge",
)
def index(call: Call) -> Object:
    """List the fees the platform took."""
    rows = listing.matching(call.account.all("application_fee"), call.params, "charge")
    return listing.page("/v1/application_fees", rows, call.params)


@routes("GET", "/v1/application_fees/{id}", stripe.params.ApplicationFeeRetrieveParams)
def retrieve(call: Call) -> Object:
    """Return a fee."""
    return call.account.get("application_fee", call.id)
