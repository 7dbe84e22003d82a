"""Mails say in plain words what happened, how much it is, and where to go."""

from typing import Any

import pytest

from irve_bridge.domain.breakdown import Breakdown
from irve_bridge.domain.facts import Refunded
from irve_bridge.domain.session import PlanName
from irve_bridge.i18n import languages
from irve_bridge.mail import MailHand, Smtp, texts
from irve_bridge.service.callbacks import MAILED, mail
from irve_bridge.web.wording import DECLINED
from tests.unit.domain.sessions import NOW, session

LANGUAGES = languages()
LINK = "https://charge.example.com/c/token"
HAND = MailHand(Smtp(host="", port=25, sender="a@b.fr"), "https://charge.example.com")


def body(template: str, language: str = "fr", **changes: Any) -> str:
    """Return the mail of a charge that ended at 6.52, with changes, in plain characters."""
    ended = {"decided_minor": 652, "energy_wh": 12_340, "cost": Breakdown("EUR", 652, 543)}
    text = texts.body(template, session(**ended | changes), LINK, LANGUAGES[language])
    return text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")


@pytest.mark.parametrize("template", sorted(set(MAILED.values())))
@pytest.mark.parametrize("code", sorted(LANGUAGES))
def test_every_mail_has_a_subject_the_link_and_the_reference(template: str, code: str) -> None:
    assert texts.subject(template, LANGUAGES[code])
    text = body(template, code)
    assert LINK in text
    assert "ses_1" in text


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("insufficient_funds", "faute de provision"),
        ("authentication_required", "confirmer vous-même"),
        ("lost_card", "Votre banque a refusé le paiement."),
    ],
)
def test_what_is_due_is_told_with_the_reason_and_the_way_to_pay(code: str, words: str) -> None:
    text = body("due", outcome=code)
    assert text.startswith(("Votre banque", "Votre carte"))
    assert words in text
    assert "payer dès maintenant" in text
    assert "6,52 €" in text


@pytest.mark.parametrize(("code", "words"), [("fr", "jusque-là"), ("en", "by then")])
def test_a_receipt_without_a_stop_says_what_was_paid_for(code: str, words: str) -> None:
    assert words in body("receipt", code, end_presumed=True)
    assert words not in body("receipt", code)


def test_the_reasons_are_those_of_the_page() -> None:
    """The mail leads to the page: both must say the same."""
    assert texts.REASONS == DECLINED


def test_a_refund_is_told_with_its_amount_and_what_remains_paid() -> None:
    refunded = Refunded(
        at=NOW, session_id="ses_1", refund_id="re_1", payment_intent_id="pi_1", amount_minor=200
    )
    text = HAND.prepare(session(decided_minor=452, locale="en"), mail("refunded", refunded))["text"]
    assert "Given back to your card: €2.00" in text
    assert "Paid in the end: €4.52" in text
    assert "VAT" not in text


def test_a_remainder_that_is_kept_stands_on_the_receipt_only() -> None:
    kept = "n'est pas remboursée"
    fixed = {"plan": PlanName.FIXED, "keeps_remainder": True}
    assert kept in body("receipt", **fixed)
    assert kept not in body("released", **fixed)
    assert kept not in body("receipt")


def test_two_refunds_are_two_mails_and_one_that_is_repeated_is_one() -> None:
    """Mail programs show a Message-ID once."""
    refunded = mail("refunded", None)
    ids = [
        HAND.prepare(session(decided_minor=left), refunded)["message_id"]
        for left in (452, 452, 300)
    ]
    assert ids[0] == ids[1] != ids[2]
