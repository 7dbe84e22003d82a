"""Everything that holds for a session at Stripe now: the one path of webhook, return and sweep."""

from collections.abc import AsyncIterator, Iterable
from typing import Any, TypeVar

import stripe

from irve_bridge.domain.facts import SessionFact
from irve_bridge.domain.session import Session
from irve_bridge.payments import reading
from irve_bridge.payments.client import PAGE, Account, metadata_of

Found = TypeVar("Found", stripe.checkout.Session, stripe.SetupIntent)
_INTENTS = ["payment_intent.latest_charge", "setup_intent.payment_method"]


async def observe(
    account: Account, session: Session, object_ids: Iterable[str] = ()
) -> tuple[SessionFact, ...]:
    """Return what the session's objects prove, first how it was secured, then what followed.

    `object_ids` are objects that Stripe named of it.
    """
    if session.secured_at is None:
        return tuple([fact async for fact in _securing(account, session)])
    return tuple([fact async for fact in _moving(account, session, object_ids)])


async def _securing(account: Account, session: Session) -> AsyncIterator[SessionFact]:
    for checkout in _living(await checkouts(account, session), "expired"):
        for fact in reading.from_checkout(session, checkout, account.now()):
            yield fact
    for setup in _living(await setups(account, session), "canceled"):
        for fact in reading.from_setup(session, setup, account.now()):
            yield fact


def _living(found: list[Found], ended: str) -> list[Found]:
    """Return what may still be paid; the session's checkout is over only when all are."""
    return [each for each in found if each.status != ended] or found


async def _moving(
    account: Account, session: Session, object_ids: Iterable[str]
) -> AsyncIterator[SessionFact]:
    """Every payment of the session's customer, so that a second one is seen as well."""
    if session.paying_since is not None:
        for checkout in _living(await checkouts(account, session), "expired"):
            for fact in reading.from_checkout(session, checkout, account.now()):
                yield fact
    for payment in await payments(account, session, object_ids):
        for fact in reading.from_payment(session, payment, account.now()):
            yield fact
        if payment.status == "succeeded":
            async for fact in _afterwards(account, session, payment):
                yield fact


async def _afterwards(
    account: Account, session: Session, payment: stripe.PaymentIntent
) -> AsyncIterator[SessionFact]:
    for refund in await refunds(account, payment.id):
        for fact in reading.from_refund(session, refund, account.now()):
            yield fact
    for dispute in await disputes(account, payment):
        yield reading.from_dispute(session, dispute, account.now())


async def checkouts(account: Account, session: Session) -> list[stripe.checkout.Session]:
    """Return the session's Checkout Session; where its answer was lost, all of its customer."""
    if session.checkout_id is None:
        return await all_checkouts(account, session)
    found = await account.client.v1.checkout.sessions.retrieve_async(
        session.checkout_id, {"expand": _INTENTS}, account.options()
    )
    return [found]


async def all_checkouts(account: Account, session: Session) -> list[stripe.checkout.Session]:
    """Return every Checkout Session of the session's customer, newest first."""
    if session.customer_id is None:
        return []
    expand = [f"data.{name}" for name in _INTENTS]
    listed = await account.client.v1.checkout.sessions.list_async(
        {"customer": session.customer_id, "limit": PAGE, "expand": expand}, account.options()
    )
    return listed.data


async def setups(account: Account, session: Session) -> list[stripe.SetupIntent]:
    """Return the SetupIntent of a card brought along, or those whose answer was lost.

    A Checkout Session's own is none of them: it is read with its session.
    """
    if session.payment_method_id is None:
        return []
    if session.setup_intent_id is None:
        return await all_setups(account, session)
    found = await account.client.v1.setup_intents.retrieve_async(
        session.setup_intent_id, {"expand": ["payment_method"]}, account.options()
    )
    return [found]


async def all_setups(account: Account, session: Session) -> list[stripe.SetupIntent]:
    """Return every SetupIntent of the session's customer, newest first."""
    if session.customer_id is None:
        return []
    listed = await account.client.v1.setup_intents.list_async(
        {"customer": session.customer_id, "limit": PAGE, "expand": ["data.payment_method"]},
        account.options(),
    )
    return listed.data


async def payments(
    account: Account, session: Session, object_ids: Iterable[str] = ()
) -> list[stripe.PaymentIntent]:
    """Return every payment of the session with its charge, oldest first.

    A customer that was deleted cannot be asked for: then those whose ids are known.
    """
    if session.customer_id is None:
        named = [each for each in object_ids if each.startswith("pi_")]
        known = dict.fromkeys(each for each in (session.payment_intent_id, *named) if each)
        found = [await payment_intent(account, each) for each in known]
        return [each for each in found if belongs(each, session)]
    listed = await account.client.v1.payment_intents.list_async(
        {"customer": session.customer_id, "limit": PAGE, "expand": ["data.latest_charge"]},
        account.options(),
    )
    return [each for each in listed.data if belongs(each, session)][::-1]


def belongs(thing: Any, session: Session) -> bool:
    """Return whether an object is this session's: a customer brought along may have others."""
    return metadata_of(thing).get("session_id") == session.id


async def payment_intent(account: Account, payment_intent_id: str) -> stripe.PaymentIntent:
    """Return a payment with its charge."""
    return await account.client.v1.payment_intents.retrieve_async(
        payment_intent_id, {"expand": ["latest_charge"]}, account.options()
    )


async def refunds(account: Account, payment_intent_id: str) -> list[stripe.Refund]:
    """Return a payment's refunds, oldest first, those made by hand included."""
    listed = await account.client.v1.refunds.list_async(
        {"payment_intent": payment_intent_id, "limit": PAGE}, account.options()
    )
    return listed.data[::-1]


async def disputes(account: Account, payment: stripe.PaymentIntent) -> list[stripe.Dispute]:
    """Return the disputes of a payment with its charge, oldest first."""
    if not isinstance(payment.latest_charge, stripe.Charge) or not payment.latest_charge.disputed:
        return []
    listed = await account.client.v1.disputes.list_async(
        {"payment_intent": payment.id, "limit": PAGE}, account.options()
    )
    return listed.data[::-1]
