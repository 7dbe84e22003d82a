"""Stripe's test cards: what the simulated bank says (https://docs.stripe.com/testing)."""

from dataclasses import dataclass
from enum import Enum, StrEnum, auto


class Challenge(Enum):
    """When the card's bank wants the cardholder to authenticate (3-D Secure)."""

    NEVER = auto()
    UNLESS_SET_UP = auto()
    ALWAYS = auto()


class RefundMode(StrEnum):
    """How a refund goes (https://docs.stripe.com/testing#refunds)."""

    SUCCEED = "succeed"
    SUCCEED_LATER = "succeed_later"
    PENDING = "pending"
    FAIL = "fail"
    FAIL_LATER = "fail_later"


@dataclass(frozen=True, slots=True)
class Decline:
    """A bank's refusal: Stripe's error code, decline code and sentence."""

    code: str
    decline_code: str | None
    message: str


@dataclass(frozen=True, slots=True)
class Card:
    """A test card and its behaviour."""

    number: str
    payment_method: str
    challenge: Challenge = Challenge.NEVER
    decline: Decline | None = None
    attaches: bool = True
    set_up_already: bool = False
    dispute_reason: str | None = None
    inquiry: bool = False
    refund_mode: RefundMode = RefundMode.SUCCEED
    brand: str = "visa"
    country: str = "US"

    @property
    def last4(self) -> str:
        """The digits that receipts show."""
        return self.number[-4:]


GENERIC = Decline("card_declined", "generic_decline", "Your card was declined.")
INSUFFICIENT_FUNDS = Decline(
    "card_declined", "insufficient_funds", "Your card has insufficient funds."
)
LOST = Decline("card_declined", "lost_card", "Your card was declined.")
EXPIRED = Decline("expired_card", "expired_card", "Your card has expired.")
INCORRECT_CVC = Decline("incorrect_cvc", "incorrect_cvc", "Your card's security code is incorrect.")
PROCESSING = Decline(
    "processing_error",
    "processing_error",
    "An error occurred while processing your card. Try again in a little bit.",
)
AUTHENTICATION_REQUIRED = Decline(
    "authentication_required",
    "authentication_required",
    "Your card was declined. This transaction requires authentication.",
)
AUTHENTICATION_FAILED = Decline(
    "payment_intent_authentication_failure",
    None,
    "The provided PaymentMethod has failed authentication. You can provide payment_method_data or "
    "a new PaymentMethod to attempt to fulfill this PaymentIntent again.",
)
SETUP_AUTHENTICATION_FAILED = Decline(
    "setup_intent_authentication_failure",
    None,
    "The latest attempt to set up the payment method has failed because authentication failed.",
)

CARDS = (
    Card("4242424242424242", "pm_card_visa"),
    Card("4000002500000003", "pm_card_fr", country="FR"),
    Card("4000002760000016", "pm_card_de", country="DE"),
    Card("5555555555554444", "pm_card_mastercard", brand="mastercard"),
    Card("378282246310005", "pm_card_amex", brand="amex"),
    Card("4000000000003220", "pm_card_threeDSecure2Required", Challenge.ALWAYS),
    Card("4000002760003184", "pm_card_authenticationRequired", Challenge.ALWAYS),
    Card("4000002500003155", "pm_card_authenticationRequiredOnSetup", Challenge.UNLESS_SET_UP),
    Card(
        "4000003800000446",
        "pm_card_authenticationRequiredSetupForOffSession",
        Challenge.UNLESS_SET_UP,
        set_up_already=True,
    ),
    Card(
        "4000008260003178",
        "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds",
        Challenge.UNLESS_SET_UP,
        INSUFFICIENT_FUNDS,
    ),
    Card(
        "4000000000009995",
        "pm_card_visa_chargeDeclinedInsufficientFunds",
        decline=INSUFFICIENT_FUNDS,
        attaches=False,
    ),
    Card("4000000000000002", "pm_card_visa_chargeDeclined", decline=GENERIC, attaches=False),
    Card("4000000000009987", "pm_card_visa_chargeDeclinedLostCard", decline=LOST, attaches=False),
    Card("4000000000000069", "pm_card_chargeDeclinedExpiredCard", decline=EXPIRED, attaches=False),
    Card(
        "4000000000000127",
        "pm_card_chargeDeclinedIncorrectCvc",
        decline=INCORRECT_CVC,
        attaches=False,
    ),
    Card(
        "4000000000000119",
        "pm_card_chargeDeclinedProcessingError",
        decline=PROCESSING,
        attaches=False,
    ),
    Card("4000000000000341", "pm_card_chargeCustomerFail", decline=GENERIC),
    Card("4000000000000259", "pm_card_createDispute", dispute_reason="fraudulent"),
    Card(
        "4000000000002685",
        "pm_card_createDisputeProductNotReceived",
        dispute_reason="product_not_received",
    ),
    Card(
        "4000000000001976",
        "pm_card_createDisputeInquiry",
        dispute_reason="fraudulent",
        inquiry=True,
    ),
    Card("4000000000007726", "pm_card_pendingRefund", refund_mode=RefundMode.SUCCEED_LATER),
    Card("4000000000005126", "pm_card_refundFail", refund_mode=RefundMode.FAIL_LATER),
)
BEHAVIOURS: dict[str, Decline | None] = {
    "ok": None,
    "authentication_required": AUTHENTICATION_REQUIRED,
    "expired_card": EXPIRED,
    "generic_decline": GENERIC,
    "incorrect_cvc": INCORRECT_CVC,
    "insufficient_funds": INSUFFICIENT_FUNDS,
    "lost_card": LOST,
    "processing_error": PROCESSING,
}
"""What kept cards can be told to do off-session, by name."""
BY_NUMBER = {card.number: card for card in CARDS}
BY_PAYMENT_METHOD = {card.payment_method: card for card in CARDS} | {
    "pm_card_chargeDeclined": BY_NUMBER["4000000000000002"]
}


def challenged(card: Card, *, off_session: bool, set_up: bool) -> bool:
    """Tell whether the bank asks for authentication before it answers."""
    if card.challenge is Challenge.UNLESS_SET_UP:
        return not (set_up or (off_session and card.set_up_already))
    return card.challenge is Challenge.ALWAYS
