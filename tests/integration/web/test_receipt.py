"""The receipt: a page and a PDF with all that a French note needs, behind the driver's link."""

import io
import re

import pytest
from pypdf import PdfReader

from irve_bridge.domain.session import Session, State
from irve_bridge.service.policy import Policy
from tests.integration.web.conftest import ENGLISH_PAGE, House, plain

NOTE = (
    "Recharge Exemple",
    "1 rue de l'Exemple, 75001 Paris",
    "SIREN 732 829 320",
    "N° TVA FR44732829320",
    "contact@recharge.example",
    "Numéro",
    "000001",
    "Parking de la République",
    "12 place de la République, 75003 Paris",
    "CP1 / 1",
    "FR*EXA*E0001*1",
    "Compteur au début",
    "1,000 kWh",
    "Compteur à la fin",
    "13,340 kWh",
    "12,340 kWh x 0,48 €/kWh",
    "1 x 0,60 €",
    "5,92 €",
    "Durée",
    "4 min",
    "Total HT",
    "5,43 €",
    "20 %",
    "1,09 €",
    "Total payé TTC",
    "6,52 €",
)


async def pdf_text(house: House, session: Session, number: int = 1) -> str:
    async with house.client.get(f"/c/{session.token}/receipt/{number}.pdf") as answer:
        assert answer.status == 200
        assert answer.content_type == "application/pdf"
        reader = PdfReader(io.BytesIO(await answer.read()))
    assert len(reader.pages) == 1
    return plain(" ".join(page.extract_text() for page in reader.pages))


def missing(text: str) -> list[str]:
    found = re.sub(r"\s+", " ", text)
    return [each for each in NOTE if each not in found]


async def test_page_and_pdf_say_all_that_a_note_needs(house: House) -> None:
    session = await house.settled()
    page = await house.page(f"/c/{session.token}/receipt")
    assert missing(page.replace("&#39;", "'")) == []
    text = await pdf_text(house, session)
    assert missing(text) == []
    assert session.payment_intent_id is not None
    assert session.payment_intent_id in text
    assert session.payment_intent_id in page
    assert f'href="/c/{session.token}/receipt"' in await house.page(f"/c/{session.token}")


async def test_a_receipt_is_in_the_language_of_its_order_whoever_reads_it(house: House) -> None:
    session = await house.settled(language="en")
    async with house.client.get(f"/c/{session.token}/receipt") as answer:
        assert answer.headers["Content-Language"] == "en"
        assert "Total paid, VAT included" in await answer.text()
    assert "Meter at the end" in await pdf_text(house, session)


async def test_a_refund_is_a_credit_note_and_leaves_the_receipt_as_it_was(house: House) -> None:
    session = await house.settled()
    before = await pdf_text(house, session)
    await house.desk.refund(session.id, 252, "the driver was right")
    credit = await pdf_text(house, session, 2)
    assert "Avoir 000002" in credit
    assert "Rectifie le reçu 000001" in re.sub(r"\s+", " ", credit)
    assert "Total remboursé TTC 2,52 €" in re.sub(r"\s+", " ", credit)
    assert "0,42 €" in credit
    assert await pdf_text(house, session) == before
    page = await house.page(f"/c/{session.token}/receipt")
    assert "Reçu 000001" in page
    assert "Avoir 000002" in page


@pytest.mark.parametrize("policy", [Policy(callbacks=False, refund_retries=0)])
async def test_what_is_released_after_all_still_leads_to_its_papers(house: House) -> None:
    """Its refund failed for good, and a person decided that nothing is owed."""
    session = await house.settled()
    async with house.stripe.post("/_sim/refunds", json={"mode": "fail"}) as answer:
        assert answer.status == 200
    await house.desk.refund(session.id, 252, "the driver was right")
    await house.until(session.id, State.REVIEW)
    link = f'href="/c/{session.token}/receipt"'
    assert link in await house.page(f"/c/{session.token}")
    await house.desk.decide(session.id, 0)
    await house.until(session.id, State.RELEASED)
    assert link in await house.page(f"/c/{session.token}")
    assert "Avoir 000002" in await house.page(f"/c/{session.token}/receipt")


async def test_what_costs_nothing_has_no_receipt(house: House) -> None:
    session = await house.charging()
    await house.end(session, 0)
    await house.until(session.id, State.RELEASED)
    assert f"/c/{session.token}/receipt" not in await house.page(f"/c/{session.token}")
    for path in ("receipt", "receipt/1.pdf"):
        async with house.client.get(f"/c/{session.token}/{path}", headers=ENGLISH_PAGE) as answer:
            assert answer.status == 404


async def test_a_receipt_is_only_behind_its_own_link(house: House) -> None:
    session = await house.settled()
    for path in (
        f"/c/{session.id}/receipt",
        "/c/x/receipt/1.pdf",
        f"/c/{session.token}/receipt/2.pdf",
    ):
        async with house.client.get(path) as answer:
            assert answer.status == 404


@pytest.mark.parametrize("policy", [Policy(callbacks=False, keeps_remainder=True)])
async def test_what_is_kept_of_a_fixed_amount_is_billed(house: House) -> None:
    session = await house.settled("fixed", amount=2000)
    text = re.sub(r"\s+", " ", await pdf_text(house, session))
    assert "Part non utilisée, non remboursée 13,48 €" in text
    assert "Total payé TTC 20,00 €" in text
