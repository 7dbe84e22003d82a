"""The payments of an account in a span of time, or of one session, as they stand now."""

from collections.abc import AsyncIterator
from datetime import datetime

import stripe

from irve_bridge.domain.session import Session
from irve_bridge.payments.amounts import minor_amount
from irve_bridge.payments.client import PAGE, Account, metadata_of
from irve_bridge.payments.observe import disputes, payments, refunds
from irve_bridge.service.ports import Sighting


async def survey(account: Account, since: datetime, until: datetime) -> AsyncIterator[Sighting]:
    """Yield every payment that names a session, page by page, newest first.

    Source: https://docs.stripe.com/api/payment_intents/list.
    """
    asked: stripe.params.PaymentIntentListParams = {
        "created": {"gte": int(since.timestamp()), "lt": int(until.timestamp()) + 1},
        "limit": PAGE,
        "expand": ["data.latest_charge"],
    }
    while True:
        listed = await account.client.v1.payment_intents.list_async(asked, account.options())
        for payment in listed.data:
            if session_id := metadata_of(payment).get("session_id"):
                yield await _sighting(account, session_id, payment)
        if not listed.has_more:
            return
        asked["starting_after"] = listed.data[-1].id


async def survey_of(account: Account, session: Session) -> AsyncIterator[Sighting]:
    """Yield every payment of one session, oldest first."""
    for payment in await payments(account, session):
        yield await _sighting(account, session.id, payment)


async def _sighting(account: Account, session_id: str, payment: stripe.PaymentIntent) -> Sighting:
    currency = payment.currency.upper()
    held = payment.amount_capturable if payment.status == "requires_capture" else 0
    taken = payment.amount_received - await _refunded(account, payment)
    return Sighting(
        session_id=session_id,
        payment_id=payment.id,
        held_minor=minor_amount(currency, held),
        taken_minor=minor_amount(currency, taken),
        disputes={each.id: each.status for each in await disputes(account, payment)},
    )


async def _refunded(account: Account, payment: stripe.PaymentIntent) -> int:
    """The refunds are added up: a charge's own sum counts those under way as well.

    A hold that was let go shows as a refund of its charge, though nothing was taken.
    """
    charge = payment.latest_charge
    if payment.status != "succeeded" or not isinstance(charge, stripe.Charge):
        return 0
    if not charge.amount_refunded:
        return 0
    made = await refunds(account, payment.id)
    return sum(refund.amount for refund in made if refund.status == "succeeded")
