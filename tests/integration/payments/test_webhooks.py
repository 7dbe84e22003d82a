"""A webhook is a hint, believed only when Stripe signed it."""

import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest
import stripe

from irve_bridge.payments import StripePayments
from irve_bridge.service.ports import SignatureRefused
from tests.integration.payments.conftest import SECRETS

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def event(thing: Any, **more: Any) -> bytes:
    body = {"id": "evt_1", "object": "event", "type": "x.y", "data": {"object": thing}, **more}
    return json.dumps(body).encode()


def signed(body: bytes, secret: str = SECRETS[0], age_s: int = 0) -> str:
    header: str = stripe.WebhookSignature.generate_signature_header(
        body.decode(), secret, timestamp=int(time.time()) - age_s
    )
    return header


@pytest.mark.parametrize("secret", SECRETS)
def test_every_secret_counts_while_one_is_being_replaced(
    secret: str, payments: StripePayments
) -> None:
    body = event({"id": "cs_1", "metadata": {"session_id": "s-1"}})
    assert payments.read_webhook(body, signed(body, secret), AT).session_id == "s-1"


def test_a_hint_names_every_object_it_is_about(payments: StripePayments) -> None:
    thing = {
        "id": "re_1",
        "payment_intent": "pi_1",
        "charge": {"id": "ch_1"},
        "customer": None,
        "metadata": {},
    }
    body = event(thing, account="acct_1", type="refund.updated")
    spoke = payments.read_webhook(body, signed(body), AT)
    assert spoke.object_ids == ("re_1", "pi_1", "ch_1")
    assert (spoke.provider, spoke.account, spoke.event_id) == ("stripe", "acct_1", "evt_1")
    assert (spoke.type, spoke.session_id, spoke.at) == ("refund.updated", None, AT)


def test_a_hint_keeps_nothing_of_people(payments: StripePayments) -> None:
    """An account's other business comes by the same way: of it no term would delete anything."""
    thing = {"id": "cs_1", "customer_details": {"email": "driver@example.org", "name": "Ada"}}
    body = event(thing)
    kept = str(payments.read_webhook(body, signed(body), AT))
    assert "cs_1" in kept
    assert "driver@example.org" not in kept
    assert "Ada" not in kept


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "t=1,v1=00",
        "nonsense",
        signed(event({"id": "cs_1"}), "whsec_other"),
        signed(event({"id": "cs_1"}), age_s=600),
        signed(event({"id": "cs_2"})),
    ],
    ids=["none", "forged", "malformed", "other secret", "too old", "other body"],
)
def test_what_stripe_did_not_sign_is_refused(signature: str, payments: StripePayments) -> None:
    with pytest.raises(SignatureRefused):
        payments.read_webhook(event({"id": "cs_1"}), signature, AT)


@pytest.mark.parametrize(
    "body", [b"[]", b"not json", b'{"id": "evt_1", "type": "v1.x", "related_object": {}}']
)
def test_a_signed_body_that_is_no_event_is_refused(body: bytes, payments: StripePayments) -> None:
    with pytest.raises(SignatureRefused):
        payments.read_webhook(body, signed(body), AT)


def test_a_body_that_is_no_text_is_refused(payments: StripePayments) -> None:
    with pytest.raises(SignatureRefused):
        payments.read_webhook(b"\xff\xfe", "t=1,v1=00", AT)
