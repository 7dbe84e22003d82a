"""The mails' words, in the driver's language."""

from collections.abc import Iterator

from irve_bridge.domain.session import Session
from irve_bridge.i18n import N_, Language
from irve_bridge.price_list import price_list

_SUBJECTS = {
    "link": N_("Your charge: follow it and stop it"),
    "receipt": N_("Your receipt"),
    "released": N_("Your charge: nothing to pay"),
    "due": N_("Your charge: the payment did not go through"),
    "refunded": N_("Your charge: money goes back to your card"),
}
_OPENINGS = {
    "link": N_("Your payment is secured. This page shows your charge and lets you stop it:"),
    "receipt": N_("Thank you. This page shows your receipt in full:"),
    "released": N_("You owe nothing: everything that was held or paid is given back. Details:"),
    "due": N_("You can pay now on this page, with this card or another one:"),
    "refunded": N_("Money of your charge goes back to your card. Your receipt shows how much:"),
}

REASONS = {
    "": N_("Your bank declined the payment."),
    "insufficient_funds": N_("Your bank declined the payment for lack of funds."),
    "authentication_required": N_("Your bank wants you to confirm this payment yourself."),
    "payment_intent_authentication_failure": N_(
        "Your bank could not make sure that it was you. Nothing was taken."
    ),
    "hold_gone": N_("Your bank's hold ended before the charge could be settled."),
    "charge_canceled": N_("The payment was cancelled before anything was taken."),
    "expired_card": N_("Your card has expired."),
}
"""Why something is due, in the words of the page that the mail leads to."""

_PRESUMED = N_(
    "The station did not report the end of your charge, so you pay for what it had measured by "
    "then. Should it report less after all, the difference goes back to your card."
)
_AMOUNTS = {"due": N_("Amount due"), "refunded": N_("Paid in the end")}


def subject(template: str, words: Language) -> str:
    """Return a mail's subject."""
    return words.text(_SUBJECTS[template])


def body(
    template: str, session: Session, link: str, words: Language, back_minor: int | None = None
) -> str:
    """Return a mail's plain text; `back_minor` is what a refund gave back."""
    told = _terms(session, words) if template == "link" else _figures(template, session, words)
    lines = [words.text(_OPENINGS[template]), "", link, *told, ""]
    if back_minor:
        given = words.money(back_minor, session.currency)
        lines = [_told(N_("Given back to your card"), given, words), "", *lines]
    if template == "due":
        reason = REASONS.get(session.outcome or "", REASONS[""])
        lines = [words.text(reason), *lines]
    return "\n".join(lines)


def _terms(session: Session, words: Language) -> Iterator[str]:
    """Yield what was agreed to: the place, the prices with VAT in their legal order, the most."""
    place = f"{session.charge_point_id} / {session.connector_number}"
    yield ""
    yield _told(N_("Connector"), place, words)
    for price in price_list(session.tariff, words):
        note = f" ({price.note})" if price.note else ""
        yield words.told(f"{price.label}{note}", f"{price.amount}{price.unit}")
    secured_minor = session.secured_minor or session.amount_minor
    yield _told(N_("At most"), words.money(secured_minor, session.currency), words)
    yield _told(N_("Reference"), session.id, words)


def _figures(template: str, session: Session, words: Language) -> Iterator[str]:
    """Yield what is owed and why, once it is decided; the CSMS may have told no energy."""
    if session.decided_minor is None:
        return
    amount = _AMOUNTS.get(template, N_("Amount"))
    yield ""
    if session.energy_wh is not None:
        yield _told(N_("Energy"), words.kwh(session.energy_wh), words)
    yield _told(amount, words.money(session.decided_minor, session.currency), words)
    if session.cost and session.decided_minor == session.cost.gross_minor:
        for line in session.cost.vat:
            included = words.money(line.amount_minor, session.currency)
            vat = words.text(N_("Including VAT"))
            yield words.told(f"{vat} ({words.percent(line.percent)})", included)
    if session.keeps_remainder and template == "receipt":
        yield words.text(N_("The unused part of this amount is not refunded."))
    if session.end_presumed and template == "receipt":
        yield words.text(_PRESUMED)
    yield _told(N_("Reference"), session.id, words)


def _told(label: str, value: str, words: Language) -> str:
    return words.told(words.text(label), value)
