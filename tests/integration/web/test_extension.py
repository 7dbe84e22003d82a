"""A hold that grows while the charge runs, with the driver's and the bank's agreement."""

from typing import Any

import pytest

from irve_bridge.domain.session import Session, State
from tests.integration.web.conftest import ENGLISH_PAGE, FRENCH_PAGE, House, plain


def page_of(session: Session) -> str:
    return f"/c/{session.token}"


async def charging(house: House, **features: Any) -> Session:
    """Charge under a hold of 15.00, at an account with these features."""
    async with house.stripe.post("/_sim/features", json=features) as answer:
        assert answer.status == 200
    session = await house.charging("estimated", energy_kwh=30)
    assert session.secured_minor == 1500
    return session


async def agree(house: House, session: Session, amount: str) -> tuple[int, str]:
    """Press the button; return status and page."""
    path = f"{page_of(session)}/extend"
    async with house.client.post(path, data={"amount": amount}, headers=FRENCH_PAGE) as answer:
        return answer.status, plain(await answer.text())


async def held(house: House, session: Session) -> int | None:
    return (await house.desk.session(session.id)).secured_minor


async def test_a_hold_that_may_grow_is_offered_to(house: House) -> None:
    session = await charging(house, incremental=True)
    page = await house.page(page_of(session))
    assert "15,00 € sont réservés sur votre carte" in page
    for amount in ("20,00 €", "25,00 €", "35,00 €"):
        assert amount in page
    assert "have this much held" in (await house.page(page_of(session), ENGLISH_PAGE)).lower()


@pytest.mark.parametrize("plan", [("dynamic", {}), ("fixed", {"amount": 2000})])
async def test_what_cannot_grow_offers_nothing(
    house: House, plan: tuple[str, dict[str, int]]
) -> None:
    name, fields = plan
    session = await house.charging(name, **fields)
    assert "/extend" not in await house.page(page_of(session))


async def test_a_hold_of_an_account_without_the_feature_offers_nothing(house: House) -> None:
    session = await charging(house)
    assert "/extend" not in await house.page(page_of(session))
    status, page = await agree(house, session, "2000")
    assert status == 409
    assert "Rien de plus n'a pu être réservé" in page
    assert await held(house, session) == 1500


async def test_the_bank_agrees_and_the_page_says_so(house: House) -> None:
    session = await charging(house, incremental=True)
    status, page = await agree(house, session, "2500")
    assert status == 200
    assert "25,00 € sont réservés" in page
    assert await held(house, session) == 2500


async def test_the_bank_refuses_and_the_charge_goes_on(house: House) -> None:
    session = await charging(house, incremental=True, increments_declined=1)
    status, page = await agree(house, session, "2500")
    assert status == 409
    assert "Rien de plus n'a pu être réservé" in page
    assert "/extend" not in page
    after = await house.desk.session(session.id)
    assert (after.state, after.secured_minor) == (State.CHARGING, 1500)


async def test_within_over_capture_nobody_needs_to_be_asked(house: House) -> None:
    """The one step offered is the most that the charge itself allows: 15 percent more."""
    session = await charging(house, overcapture_percent=15)
    assert "17,25 €" in await house.page(page_of(session))
    status, page = await agree(house, session, "1725")
    assert status == 200
    assert "/extend" not in page
    assert await held(house, session) == 1725


@pytest.mark.parametrize("amount", ["1500", "1000", "20001", "99999999"])
async def test_less_than_is_held_or_more_than_may_be_is_refused(house: House, amount: str) -> None:
    session = await charging(house, incremental=True)
    status, _ = await agree(house, session, amount)
    assert status == 409
    assert await held(house, session) == 1500


@pytest.mark.parametrize("amount", ["", "-5", "abc", "0"])
async def test_what_is_no_amount_is_refused(house: House, amount: str) -> None:
    session = await charging(house, incremental=True)
    assert (await agree(house, session, amount))[0] == 422


async def test_two_taps_hold_it_once(house: House) -> None:
    session = await charging(house, incremental=True)
    assert (await agree(house, session, "2500"))[0] == 200
    assert (await agree(house, session, "2500"))[0] == 409
    assert await held(house, session) == 2500


async def test_after_the_charge_nothing_grows(house: House) -> None:
    session = await charging(house, incremental=True)
    await house.end(session, 1_000)
    await house.until(session.id, State.SETTLED)
    status, page = await agree(house, session, "2500")
    assert status == 409
    assert "Merci" in page


async def test_a_larger_hold_reloads_a_page_that_shows_the_smaller(house: House) -> None:
    session = await charging(house, incremental=True)
    shown = "charging-1500-True"
    assert f"appearance={shown}" in await house.page(page_of(session))
    await agree(house, session, "2500")
    path = f"{page_of(session)}/events?appearance={shown}"
    async with house.client.get(path) as stream:
        assert b"moved" in await stream.content.read()


async def test_a_link_that_names_no_session_is_404(house: House) -> None:
    path = "/c/guessed/extend"
    async with house.client.post(path, data={"amount": "1"}, headers=FRENCH_PAGE) as answer:
        assert answer.status == 404
