"""What a browser may ask with a publishable key: https://docs.stripe.com/keys.

A PaymentIntent, by its client secret, and no more of it than its customer may know.
"""

from dataclasses import dataclass
from typing import Self
from urllib.parse import parse_qsl

from simulators.stripe.routing import Call, Route
from simulators.stripe.wire import InvalidParameterError, Object, StripeError

NAMES = ("key", "client_secret", "_stripe_account")
_OPEN = {("GET", "/v1/payment_intents/{id}"), ("POST", "/v1/payment_intents/{id}/confirm")}
_SHOWN = (
    "id",
    "object",
    "amount",
    "amount_details",
    "automatic_payment_methods",
    "canceled_at",
    "cancellation_reason",
    "capture_method",
    "client_secret",
    "confirmation_method",
    "created",
    "currency",
    "description",
    "last_payment_error",
    "livemode",
    "next_action",
    "payment_method",
    "payment_method_types",
    "processing",
    "receipt_email",
    "setup_future_usage",
    "shipping",
    "source",
    "status",
)


@dataclass(frozen=True, slots=True)
class Browser:
    """Who asks with a publishable key, of which account, and the secret that proves the right."""

    key: str
    secret: str | None
    account: str | None

    @classmethod
    def asking(cls, bearer: str, *forms: str) -> Self | None:
        """Return the browser that asks; None where it is a server, by its secret key."""
        given = dict(pair for form in forms for pair in parse_qsl(form))
        key = bearer or given.get("key", "")
        if not key.startswith("pk_test_"):
            return None
        return cls(key, given.get("client_secret"), given.get("_stripe_account"))

    def handled(self, route: Route, call: Call) -> Object:
        """Return an endpoint's answer, as far as a browser is told it.

        Raises:
            StripeError: 401 for all that needs a secret key, 400 for another secret.
        """
        if (route.method, route.path) not in _OPEN:
            raise StripeError(
                401,
                "This API call cannot be made with a publishable API key. Please use a secret API "
                "key. You can find a list of your API keys at "
                "https://dashboard.stripe.com/account/apikeys.",
                code="secret_key_required",
            )
        self._check_secret(call.account.get("payment_intent", call.id))
        try:
            return _shown(route.handler(call))
        except StripeError as error:
            if "payment_intent" in error.error:
                error.error["payment_intent"] = _shown(error.error["payment_intent"])
            raise

    def _check_secret(self, intent: Object) -> None:
        if self.secret is None:
            raise InvalidParameterError(
                "Missing required param: client_secret.",
                code="parameter_missing",
                param="client_secret",
            )
        if self.secret != intent["client_secret"]:
            raise InvalidParameterError(
                "The client_secret provided does not match the client_secret associated with the "
                "PaymentIntent.",
                code="payment_intent_invalid_parameter",
                param="client_secret",
            )


def _shown(intent: Object) -> Object:
    return {name: intent[name] for name in _SHOWN if name in intent}
