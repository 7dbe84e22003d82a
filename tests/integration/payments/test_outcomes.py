"""What an error of Stripe says about the call that met it."""

from datetime import UTC, datetime
from typing import Any

import pytest
import stripe

from irve_bridge.payments.outcomes import again, refusal
from irve_bridge.service.ports import Attempt

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
FIRST = Attempt(number=1, key="s:1:1", request={}, started_at=AT)
UNKNOWN = Attempt(number=1, key="s:1:1", request={}, started_at=AT, unknown=True)


def error(kind: type[stripe.StripeError], status: int | None, code: str) -> stripe.StripeError:
    body: Any = {"error": {"code": code}}
    return kind("no", http_status=status, json_body=body)


LIMITED = error(stripe.RateLimitError, 429, "rate_limit")
LOCKED = error(stripe.RateLimitError, 429, "lock_timeout")
IN_USE = error(stripe.APIError, 409, "idempotency_key_in_use")
BROKEN = error(stripe.APIError, 500, "api_error")
GARBLED = error(stripe.APIError, 200, "")
LOST = error(stripe.APIConnectionError, None, "")
OTHER_REQUEST = error(stripe.IdempotencyError, 400, "")
WRONG_KEY = error(stripe.AuthenticationError, 401, "")
NOT_ALLOWED = error(stripe.PermissionError, 403, "")


@pytest.mark.parametrize("met", [LIMITED, WRONG_KEY, NOT_ALLOWED], ids=lambda met: str(type(met)))
def test_what_was_turned_away_had_no_effect_unless_it_had_one_before(
    met: stripe.StripeError,
) -> None:
    assert again(met, FIRST).known
    assert not again(met, UNKNOWN).known


@pytest.mark.parametrize("met", [LOCKED, IN_USE, LOST, GARBLED], ids=lambda met: str(type(met)))
def test_what_may_be_under_way_is_looked_up_under_its_key(met: stripe.StripeError) -> None:
    outcome = again(met, FIRST)
    assert (outcome.known, outcome.burnt) == (False, False)


@pytest.mark.parametrize("met", [BROKEN, OTHER_REQUEST], ids=lambda met: str(type(met)))
def test_a_key_that_replays_an_error_is_burnt(met: stripe.StripeError) -> None:
    outcome = again(met, FIRST)
    assert (outcome.known, outcome.burnt) == (False, True)


def test_only_a_definite_no_is_a_refusal() -> None:
    errors = [LIMITED, LOCKED, IN_USE, BROKEN, GARBLED, LOST, OTHER_REQUEST, WRONG_KEY, NOT_ALLOWED]
    assert [refusal(each) for each in errors] == [None] * len(errors)
    no = refusal(stripe.InvalidRequestError("No such card", "payment_method", "resource_missing"))
    assert no is not None
    assert (no.code, no.param, no.by_bank) == ("resource_missing", "payment_method", False)
