"""What the hosted page's card form sends, checked and turned into a payer."""

import re
from collections.abc import Mapping

from simulators.stripe.cards import BY_NUMBER
from simulators.stripe.checkout_payment import Payer
from simulators.stripe.payment_methods import EXPIRY

_EXPIRY = re.compile(r"(0?[1-9]|1[0-2])\s*/?\s*(?:20)?(\d{2})")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_CVC = re.compile(r"\d{3,4}")


class InvalidFormError(ValueError):
    """A field the driver has to correct; its text is the key of a message on the page."""


def payer(form: Mapping[str, str]) -> Payer:
    """Return the payer of a form with ``card``, ``expiry``, ``cvc``, ``email`` and ``name``.

    Raises:
        InvalidFormError: ``card``, ``expiry``, ``cvc`` or ``email``.
    """
    card = BY_NUMBER.get(re.sub(r"\D", "", form.get("card", "")))
    if card is None:
        raise InvalidFormError("card")
    if not _CVC.fullmatch(form.get("cvc", "")):
        raise InvalidFormError("cvc")
    if not _EMAIL.fullmatch(form.get("email", "")):
        raise InvalidFormError("email")
    return Payer(card, form["email"], form.get("name") or None, _expiry(form.get("expiry", "")))


def _expiry(text: str) -> tuple[int, int]:
    match = _EXPIRY.fullmatch(text.strip())
    if match is None:
        raise InvalidFormError("expiry")
    return int(match[1]), 2000 + int(match[2])


def default_fields() -> dict[str, str]:
    """Return what a payer of the control API types where nothing else is said."""
    return {
        "card": "4242424242424242",
        "expiry": f"{EXPIRY[0]:02}/{EXPIRY[1] % 100}",
        "cvc": "123",
        "email": "driver@example.com",
    }
