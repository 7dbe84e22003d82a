"""The unused part of a fixed amount that the operator keeps: said before and after paying."""

import pytest

from irve_bridge.service.policy import Policy
from tests.integration.web.conftest import CSMS, ENGLISH_PAGE, House


class TestKept:
    @pytest.fixture
    def policy(self) -> Policy:
        return Policy(callbacks=False, keeps_remainder=True)

    async def test_the_form_says_so_before_the_payment(self, house: House) -> None:
        page = await house.page("/s/CP1/1")
        assert "Ce que vous n'utilisez pas n'est pas remboursé." in page
        assert "La part non utilisée de ce montant n'est pas remboursée." in page
        assert "le reste est remboursé" not in page
        assert "What you do not use is not refunded." in await house.page("/s/CP1/1", ENGLISH_PAGE)

    async def test_the_receipt_says_so_and_adds_up(self, house: House) -> None:
        """6.52 used of 20.00: 13.48 stay with the operator."""
        session = await house.settled("fixed", amount=2000)
        assert (session.keeps_remainder, session.paid_minor) == (True, 2000)
        page = await house.page(f"/c/{session.token}")
        for text in ("20,00 €", "Part non utilisée, non remboursée", "13,48 €", "Comme indiqué"):
            assert text in page, text
        assert "Remboursé" not in page

    async def test_the_evidence_says_what_was_agreed_to(self, house: House) -> None:
        session = await house.settled("fixed", amount=2000)
        path = f"/api/sessions/{session.id}/evidence"
        async with house.client.get(path, headers=CSMS) as answer:
            consent = (await answer.json())["consent"]
        assert consent["unused_part_refunded"] is False
        assert any(
            "n\N{RIGHT SINGLE QUOTATION MARK}est pas remboursé" in w for w in consent["wording"]
        )

    async def test_the_other_plans_keep_nothing(self, house: House) -> None:
        session = await house.settled("estimated", energy_kwh=30)
        page = await house.page(f"/c/{session.token}")
        assert not session.keeps_remainder
        assert "non remboursée" not in page


async def test_otherwise_the_form_promises_the_rest_back(house: House) -> None:
    page = await house.page("/s/CP1/1")
    assert "n'est pas remboursé" not in page
