"""The mails' words, in the driver's language."""

from collections.abc import Iterator
from typing import Protocol

from irve_bridge.domain.session import Session


class Words(Protocol):
    """A language: its texts, and its way to write quantities."""

    def text(self, message: str) -> str:
        """Return a message in this language."""

    def money(self, amount_minor: int, currency: str) -> str:
        """Return an amount in minor units, written out."""

    def kwh(self, energy_wh: int) -> str:
        """Return an energy in kWh."""


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for a text translated later
    """Mark a text for the catalogues."""
    return message


_SUBJECTS = {
    "link": N_("Your charge: follow it and stop it"),
    "receipt": N_("Your receipt"),
    "released": N_("Your charge: nothing to pay"),
    "due": N_("Your charge: the payment did not go through"),
}
_OPENINGS = {
    "link": N_("Your payment is secured. This page shows your charge and lets you stop it:"),
    "receipt": N_("Thank you. This page shows your receipt in full:"),
    "released": N_("Nothing was charged, and everything that was held or paid is released:"),
    "due": N_("Your bank declined the payment of your charge. This page says what to do next:"),
}


def subject(template: str, words: Words) -> str:
    """Return a mail's subject."""
    return words.text(_SUBJECTS[template])


def body(template: str, session: Session, link: str, words: Words) -> str:
    """Return a mail's plain text."""
    return "\n".join([words.text(_OPENINGS[template]), "", link, *_figures(session, words), ""])


def _figures(session: Session, words: Words) -> Iterator[str]:
    if session.energy_wh is None or session.decided_minor is None:
        return
    yield ""
    yield f"{words.text(N_('Energy'))}: {words.kwh(session.energy_wh)}"
    yield f"{words.text(N_('Amount'))}: {words.money(session.decided_minor, session.currency)}"
    if session.cost and session.decided_minor == session.cost.gross_minor:
        for line in session.cost.vat:
            vat = words.money(line.amount_minor, session.currency)
            yield f"{words.text(N_('Including VAT'))} {line.percent:g} %: {vat}"
    yield f"{words.text(N_('Reference'))}: {session.id}"
