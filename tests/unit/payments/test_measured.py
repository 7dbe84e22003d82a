"""What requests to Stripe are counted as has few names, whatever stands in the address."""

import pytest

from irve_bridge.payments.measured import error_kind, resource_of


@pytest.mark.parametrize(
    ("path", "resource"),
    [
        ("/v1/customers", "customers"),
        ("/v1/customers/cus_123?expand[]=x", "customers"),
        ("/v1/payment_intents/pi_3Mt/capture", "payment_intents/capture"),
        ("/v1/checkout/sessions/cs_test_a1b2/expire", "checkout/sessions/expire"),
        ("/v1/payment_methods/pm_1/detach", "payment_methods/detach"),
        ("/v1/something_new/sn_1", "other"),
    ],
)
def test_ids_are_no_part_of_a_label(path: str, resource: str) -> None:
    assert resource_of(f"https://api.stripe.com{path}") == resource


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        *[(200, None), (402, "card"), (401, "authentication"), (403, "authentication")],
        *[(409, "conflict"), (429, "rate_limit"), (400, "invalid_request")],
        *[(404, "invalid_request"), (500, "api"), (503, "api")],
    ],
)
def test_a_declined_card_is_told_from_what_an_operator_must_look_at(
    status: int, kind: str | None
) -> None:
    assert error_kind(status) == kind
