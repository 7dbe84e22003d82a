"""SetupIntents: cards kept for later (https://docs.stripe.com/payments/setupintents/lifecycle)."""

import stripe

from simulators.stripe import customers, intents, listing, payment_methods
from simulators.stripe.cards import SETUP_AUTHENTICATION_FAILED, Challenge, Decline
from simulators.stripe.intents import check_not_in_checkout, unexpected_state
from simulators.stripe.routing import Call, Routes
from simulators.stripe.store import Account
from simulators.stripe.wire import Object, new_id

routes = Routes()
OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")
_CONFIRMATION = "payment_method payment_method_data return_url mandate_data use_stripe_sdk"

_UNSET = (
    "allowed_payment_method_types",
    "automatic_payment_methods",
    "cancellation_reason",
    "customer",
    "customer_account",
    "description",
    "excluded_payment_method_types",
    "flow_directions",
    "last_setup_error",
    "latest_attempt",
    "mandate",
    "next_action",
    "on_behalf_of",
    "payment_method",
    "payment_method_configuration_details",
    "single_use_mandate",
)


def new(account: Account, **fields: object) -> Object:
    """Create a SetupIntent, not yet confirmed, and return it."""
    return opened(account, draft(account, **fields))


def draft(account: Account, **fields: object) -> Object:
    """Return a SetupIntent that is checked before it is created."""
    intent_id = new_id("seti")
    return (
        dict.fromkeys(_UNSET)
        | {
            "id": intent_id,
            "object": "setup_intent",
            "application": account.application,
            "client_secret": intents.secret(intent_id),
            "created": account.now(),
            "livemode": False,
            "metadata": {},
            "payment_method_options": intents.card_options({}, "mandate_options", "network"),
            "payment_method_types": ["card"],
            "status": "requires_payment_method",
            "usage": "off_session",
        }
        | fields
    )


def opened(account: Account, intent: Object) -> Object:
    """Create a drafted SetupIntent and return it."""
    account.emit("setup_intent.created", account.add(intent))
    return intent


def attempt(
    account: Account, intent: Object, payment_method: Object, *, authenticated: bool = False
) -> Decline | None:
    """Ask the card's bank to keep the card on file; return its refusal, if it refuses."""
    card = account.cards[payment_method["id"]]
    intent |= {"last_setup_error": None, "next_action": None}
    if card.challenge is not Challenge.NEVER and not authenticated:
        intent |= {"payment_method": payment_method["id"], "status": "requires_action"}
        intent["next_action"] = intents.next_action(account, intent)
        account.emit("setup_intent.requires_action", intent)
        return None
    if card.decline and not card.attaches:
        return _back(account, intent, payment_method, card.decline)
    if intent["customer"]:
        payment_methods.mark_attached(account, payment_method, intent["customer"])
    account.set_up.add(payment_method["id"])
    intent |= {"payment_method": payment_method["id"], "status": "succeeded"}
    account.emit("setup_intent.succeeded", intent)
    return None


def authentication_failed(account: Account, intent: Object) -> Decline:
    """Put an intent back after the cardholder failed to authenticate."""
    payment_method = account.objects["payment_method"][intent["payment_method"]]
    return _back(account, intent, payment_method, SETUP_AUTHENTICATION_FAILED)


def _back(account: Account, intent: Object, payment_method: Object, decline: Decline) -> Decline:
    intent |= {
        "last_setup_error": intents.error_fields(decline, payment_method, None),
        "next_action": None,
        "payment_method": None,
        "status": "requires_payment_method",
    }
    account.emit("setup_intent.setup_failed", intent)
    return decline


def cancel_now(account: Account, intent: Object, reason: str | None) -> None:
    """Cancel a SetupIntent."""
    intent |= {"cancellation_reason": reason, "next_action": None, "status": "canceled"}
    account.emit("setup_intent.canceled", intent)


@routes(
    "POST",
    "/v1/setup_intents",
    stripe.params.SetupIntentCreateParams,
    f"{_CONFIRMATION} confirm customer description metadata usage allowed_payment_method_types"
    " payment_method_types automatic_payment_methods",
)
def create(call: Call) -> Object:
    """Create a SetupIntent, and confirm it at once if asked to."""
    account, params = call.account, call.params
    intents.check_payment_method_types(params)
    if "customer" in params:
        customers.existing(account, params["customer"], "customer")
    names = ("allowed_payment_method_types", "customer", "description", "metadata", "usage")
    intent = draft(account, **{name: params[name] for name in names if name in params})
    if params.get("confirm"):
        payment_method = intents.chosen_payment_method(account, intent, params)
        return _confirm(account, opened(account, intent), payment_method, params)
    if "payment_method" in params or "payment_method_data" in params:
        chosen = intents.chosen_payment_method(account, intent, params)
        intent |= {"payment_method": chosen["id"], "status": "requires_confirmation"}
    return opened(account, intent)


@routes(
    "POST",
    "/v1/setup_intents/{id}/confirm",
    stripe.params.SetupIntentConfirmParams,
    _CONFIRMATION,
)
def confirm(call: Call) -> Object:
    """Confirm a SetupIntent."""
    intent = call.account.get("setup_intent", call.id)
    check_not_in_checkout(call.account, intent, "confirm")
    if intent["status"] not in OPEN:
        raise unexpected_state(intent, "confirmed", OPEN)
    payment_method = intents.chosen_payment_method(call.account, intent, call.params)
    return _confirm(call.account, intent, payment_method, call.params)


def _confirm(account: Account, intent: Object, payment_method: Object, params: Object) -> Object:
    if "return_url" in params:
        account.return_urls[intent["id"]] = params["return_url"]
    if decline := attempt(account, intent, payment_method):
        raise intents.refusal(intent, decline, payment_method=payment_method)
    return intent


@routes(
    "POST",
    "/v1/setup_intents/{id}/cancel",
    stripe.params.SetupIntentCancelParams,
    "cancellation_reason",
)
def cancel(call: Call) -> Object:
    """Cancel a SetupIntent."""
    intent = call.account.get("setup_intent", call.id)
    check_not_in_checkout(call.account, intent, "cancel")
    if intent["status"] not in OPEN:
        raise unexpected_state(intent, "canceled", OPEN)
    cancel_now(call.account, intent, call.params.get("cancellation_reason"))
    return intent


@routes(
    "POST",
    "/v1/setup_intents/{id}",
    stripe.params.SetupIntentUpdateParams,
    "customer description metadata",
)
def update(call: Call) -> Object:
    """Change a SetupIntent."""
    intent = call.account.get("setup_intent", call.id)
    return intents.updated(intent, call.params)


@routes("GET", "/v1/setup_intents/{id}", stripe.params.SetupIntentRetrieveParams)
def retrieve(call: Call) -> Object:
    """Return a SetupIntent."""
    return call.account.get("setup_intent", call.id)


@routes(
    "GET",
    "/v1/setup_intents",
    stripe.params.SetupIntentListParams,
    f"{listing.DATED_PAGE} customer payment_method",
)
def index(call: Call) -> Object:
    """List SetupIntents."""
    return intents.listed(call.account, "setup_intent", call.params, "customer", "payment_method")
