"""Stripe's objects are read as they come: an error has only the fields that say something."""

import stripe

from irve_bridge.domain import facts
from irve_bridge.domain.session import PlanName
from irve_bridge.payments import reading
from tests.unit.domain.sessions import LATER, session

ERROR = {"type": "invalid_request_error", "message": "It failed."}


def test_a_payment_whose_holder_failed_to_authenticate_is_declined_for_that() -> None:
    """Its error has no decline code, not even an empty one."""
    code = "payment_intent_authentication_failure"
    payment = stripe.PaymentIntent.construct_from(
        {
            "id": "pi_1",
            "object": "payment_intent",
            "status": "requires_payment_method",
            "last_payment_error": ERROR | {"code": code},
        },
        "sk_test",
    )
    (read,) = reading.from_payment(session(PlanName.DYNAMIC), payment, LATER)
    assert isinstance(read, facts.PaymentDeclined)
    assert (read.code, read.message) == (code, "It failed.")


def test_a_card_whose_holder_failed_to_authenticate_is_refused_for_that() -> None:
    code = "setup_intent_authentication_failure"
    setup = stripe.SetupIntent.construct_from(
        {
            "id": "seti_1",
            "object": "setup_intent",
            "status": "requires_payment_method",
            "last_setup_error": ERROR | {"code": code},
        },
        "sk_test",
    )
    (read,) = reading.from_setup(session(PlanName.DYNAMIC), setup, LATER)
    assert isinstance(read, facts.CheckoutRefused)
    assert (read.code, read.message) == (code, "It failed.")
