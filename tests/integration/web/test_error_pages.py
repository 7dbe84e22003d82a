"""What went wrong, what to do next, and whom to call."""

from dataclasses import replace

import pytest

from irve_bridge.domain.session import MeteredBy, PlanName
from irve_bridge.service.desk import Opening
from irve_bridge.web import WebSettings
from tests.integration.web.conftest import FRENCH_PAGE, House, plain

PHONE = 'href="tel:+33123456789"'
HELP = 'href="tel:+33987654321"'


@pytest.fixture
def settings(settings: WebSettings) -> WebSettings:
    return replace(settings, help_phone="+33 9 87 65 43 21")


async def failed(house: House, method: str, path: str, status: int, **form: str) -> str:
    asked = house.client.request(method, path, headers=FRENCH_PAGE, data=form or None)
    async with asked as answer:
        page = plain(await answer.text())
        assert answer.status == status, page
        return page


async def test_an_unknown_connector_names_the_operator_of_the_station(house: House) -> None:
    page = await failed(house, "GET", "/s/CP1/9", 404)
    assert PHONE in page
    assert "Actualiser" not in page, "looking again would find as little"


async def test_a_form_that_names_an_unknown_connector_does_too(house: House) -> None:
    form = {"charge_point_id": "CP1", "connector_id": "9", "payment_type": "dynamic"}
    assert PHONE in await failed(house, "POST", "/api/create-payment", 404, **form)


async def test_a_session_s_link_leads_back_to_the_charge(house: House) -> None:
    """What the CSMS meters is ended there: the driver is told so, and whom to ask."""
    metered_there = Opening(
        plan=PlanName.DYNAMIC,
        charge_point_id="CP1",
        connector_number=1,
        metered_by=MeteredBy.CSMS,
        payment_method_id="pm_card_visa",
    )
    session = await house.desk.open(metered_there)
    page = await failed(house, "POST", f"/c/{session.token}/stop", 409)
    assert "appelez l'exploitant" in page
    assert PHONE in page
    assert f'href="/c/{session.token}"' in page


async def test_a_paper_that_does_not_exist_leads_back_to_the_charge(house: House) -> None:
    session = await house.secured()
    page = await failed(house, "GET", f"/c/{session.token}/receipt", 404)
    assert PHONE in page
    assert f'href="/c/{session.token}"' in page


async def test_an_address_of_nobody_leads_to_the_start(house: House) -> None:
    page = await failed(house, "GET", "/c/nobody-s", 404)
    assert HELP in page
    assert 'href="/"' in page


@pytest.mark.parametrize("path", ["/", "/finish-dynamic-charge/nobody-s"])
async def test_where_no_station_is_known_the_service_is_called(house: House, path: str) -> None:
    assert HELP in await failed(house, "GET", path, 200)


@pytest.mark.parametrize("path", ["/s/CP1/1", "/s/CP1/9"])
async def test_where_one_is_known_its_operator_is_called(house: House, path: str) -> None:
    page = await failed(house, "GET", path, 200 if path.endswith("1") else 404)
    assert PHONE in page
    assert HELP not in page


async def test_what_may_pass_is_asked_for_again_even_without_a_storage(house: House) -> None:
    """Then nobody can tell whose station it is, and the page still comes."""
    await house.storage.close()
    page = await failed(house, "GET", "/s/CP1/1?k=1", 500)
    assert "de notre côté" in page
    assert HELP in page
    assert 'href="/s/CP1/1?k=1"' in page
