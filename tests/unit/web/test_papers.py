"""A paper says what it must, and claims nothing that it does not know."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from irve_bridge.domain.breakdown import Dimension, Line
from irve_bridge.domain.receipt import Charge, Kind, Operator, Place, Receipt, Split
from irve_bridge.domain.signatures import Check, Signature
from irve_bridge.i18n import languages
from irve_bridge.web.papers import Writer
from irve_bridge.web.pdf import pdf
from tests.unit.domain.sessions import LATER

LANGUAGES = languages()
KEY = "3059301306072A8648CE3D020106082A8648CE3D03010703420004" + "A1" * 64
SMALL = Operator(name="Recharge", siren="732829320")
FREE_OF_VAT = Line(
    dimension=Dimension.ENERGY,
    price=Decimal("0.40"),
    vat=Decimal(0),
    energy_wh=10_000,
    seconds=0,
    net_minor=400,
    gross_minor=400,
)
TAXED = replace(FREE_OF_VAT, vat=Decimal(20), net_minor=333)
BILLED = Receipt(
    number=1,
    issued_at=LATER,
    session_id="ses_1",
    locale="fr",
    operator=SMALL,
    place=Place(charge_point_id="CP1", connector_number=1),
    charge=Charge(energy_wh=10_000, register_start_wh=1000, register_stop_wh=11_000),
    currency="EUR",
    items=(FREE_OF_VAT,),
    split=Split(400),
    provider="stripe",
)


def notes(**changes: Any) -> str:
    return " ".join(Writer(LANGUAGES["fr"]).sheet(replace(BILLED, **changes)).notes)


def charged(code: str = "fr", **changes: Any) -> dict[str, str]:
    """Return what a paper says of the charge, by its labels."""
    paper = replace(BILLED, charge=replace(BILLED.charge, **changes))
    rows = (row for each in Writer(LANGUAGES[code]).sheet(paper).sections for row in each.rows)
    return {row.label: row.value for row in rows}


def test_an_operator_without_vat_names_the_article_where_its_prices_are_without_vat() -> None:
    assert "293 B" in notes()


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": Kind.CREDIT_NOTE, "corrects": 1, "items": (), "other_minor": 400},
        {"items": (), "other_minor": 400},
        {"items": (FREE_OF_VAT, TAXED)},
        {"operator": replace(SMALL, vat_number="FR44732829320")},
        {"operator": Operator(name="Recharge", vat_number="BE0404833048")},
        {"operator": Operator(name="Recharge")},
    ],
    ids=["credit note", "no items", "some taxed", "VAT number", "Belgian", "not known"],
)
def test_nobody_else_claims_that_article(changes: dict[str, Any]) -> None:
    """That an amount is so small that its VAT rounds to nothing proves nothing either."""
    assert "293 B" not in notes(**changes)


@pytest.mark.parametrize(
    ("code", "outcome", "label", "said"),
    [
        ("fr", Check.VALID, "Signé par le compteur", "Signature vérifiée"),
        ("fr", Check.INVALID, "Signé par le compteur", "Signature non vérifiée"),
        ("en", Check.VALID, "Signed by the meter", "Signature verified"),
        ("en", Check.UNVERIFIABLE, "Signed by the meter", "Signature could not be verified"),
    ],
)
def test_what_came_of_the_meters_signature_is_told_with_its_key(
    code: str, outcome: Check, label: str, said: str
) -> None:
    rows = charged(code, signature=Signature(outcome=outcome, public_key=KEY))
    assert rows[label] == said
    public_key = {"fr": "Clé publique du compteur", "en": "Public key of the meter"}[code]
    assert rows[public_key].replace(" ", "") == KEY
    assert public_key not in charged(code, signature=Signature(outcome=outcome))
    assert label not in charged(code)


def test_a_register_that_the_meter_did_not_show_is_no_register() -> None:
    assert charged()["Compteur à la fin"].startswith("11,000")
    rows = charged(register_stop_wh=None)
    assert "Compteur à la fin" not in rows
    assert rows["Compteur au début"].startswith("1,000")


def test_the_key_fits_on_the_page_that_is_printed() -> None:
    """Whatever does not fit is an error of the library: the suite lets no warning pass."""
    signature = Signature(outcome=Check.VALID, public_key=KEY * 2)
    paper = replace(BILLED, charge=replace(BILLED.charge, signature=signature))
    assert pdf(Writer(LANGUAGES["fr"]).sheet(paper), "fr", LATER).startswith(b"%PDF")
