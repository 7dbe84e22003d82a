# ruff: noqa: RUF001 - French apostrophes
"""The sentences of the hosted pages, in French and English."""

FRENCH = {
    "simulated": "SIMULATION — aucun argent ne bouge, aucune vraie carte n’est acceptée.",
    "pay_title": "Payer par carte",
    "setup_title": "Enregistrer une carte",
    "hold_note": "Le montant est réservé ; seul le coût réel sera débité.",
    "setup_note": "La carte est enregistrée ; le coût réel sera débité après la recharge.",
    "email": "E-mail",
    "card": "Numéro de carte",
    "expiry": "Expiration (MM/AA)",
    "cvc": "Cryptogramme",
    "name": "Nom sur la carte",
    "pay": "Payer",
    "save": "Enregistrer",
    "cancel": "Annuler et revenir",
    "try_cards": "Cartes de test",
    "over": "Cette page de paiement n’est plus valable.",
    "complete": "C’est fait. Vous pouvez fermer cette page.",
    "bank": "Votre banque",
    "bank_question": "Autorisez-vous cette opération ?",
    "approve": "Autoriser",
    "fail": "Refuser",
    "bank_done": "Il n’y a plus rien à autoriser.",
    "receipt": "Reçu",
    "paid": "Débité",
    "given_back": "Remboursé",
    "card_used": "Carte",
    "error_card": "Ce numéro n’est pas celui d’une carte de test.",
    "error_expiry": "La date d’expiration n’est pas lisible.",
    "error_cvc": "Le cryptogramme n’est pas lisible.",
    "error_email": "L’adresse e-mail n’est pas lisible.",
    "error_authentication": "La banque n’a pas pu vous authentifier. Réessayez.",
    "error_insufficient_funds": "Fonds insuffisants. Essayez une autre carte.",
    "error_expired_card": "Cette carte a expiré.",
    "error_incorrect_cvc": "Le cryptogramme est incorrect.",
    "error_declined": "Votre carte a été refusée. Essayez une autre carte.",
}
ENGLISH = {
    "simulated": "SIMULATED — no money moves, no real card is accepted.",
    "pay_title": "Pay by card",
    "setup_title": "Save a card",
    "hold_note": "The amount is held; only the actual cost will be charged.",
    "setup_note": "The card is kept; the actual cost is charged after the charging session.",
    "email": "E-mail",
    "card": "Card number",
    "expiry": "Expiry (MM/YY)",
    "cvc": "CVC",
    "name": "Name on card",
    "pay": "Pay",
    "save": "Save",
    "cancel": "Cancel and go back",
    "try_cards": "Test cards",
    "over": "This payment page is no longer valid.",
    "complete": "Done. You can close this page.",
    "bank": "Your bank",
    "bank_question": "Do you authorise this operation?",
    "approve": "Authorise",
    "fail": "Refuse",
    "bank_done": "There is nothing left to authorise.",
    "receipt": "Receipt",
    "paid": "Charged",
    "given_back": "Refunded",
    "card_used": "Card",
    "error_card": "This is not the number of a test card.",
    "error_expiry": "The expiry date cannot be read.",
    "error_cvc": "The security code cannot be read.",
    "error_email": "The e-mail address cannot be read.",
    "error_authentication": "The bank could not authenticate you. Please try again.",
    "error_insufficient_funds": "Insufficient funds. Please try another card.",
    "error_expired_card": "This card has expired.",
    "error_incorrect_cvc": "The security code is incorrect.",
    "error_declined": "Your card was declined. Please try another card.",
}
TEXTS = {"fr": FRENCH, "en": ENGLISH}


def language(locale: str | None, accepted: str | None) -> str:
    """Return ``fr`` or ``en``: the session's locale, else the browser's first wish we speak."""
    if locale and locale != "auto":
        return "fr" if locale.startswith("fr") else "en"
    wishes = [wish.strip()[:2].lower() for wish in (accepted or "").split(",")]
    return next((wish for wish in wishes if wish in TEXTS), "en")
