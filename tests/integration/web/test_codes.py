"""A code that somebody swapped is noticed, and the driver is told what to do."""

from dataclasses import replace
from datetime import timedelta

import pytest

from irve_bridge.domain.charge_point import CodeDisplay, ConnectorStatus
from irve_bridge.service.codes import Codes, Signatures
from tests.integration.web.conftest import CHARGE_POINT, ENGLISH_PAGE, FRENCH_PAGE, House, plain

SECRET = "a-secret-of-the-operator"
CODES = Codes((SECRET,), Signatures.REQUIRED, timedelta(seconds=60))
OTHER = CODES.path("CP1", 2).partition("?")[2]


@pytest.fixture
def codes() -> Codes:
    return CODES


async def refused(house: House, path: str, sentence: str, headers: dict[str, str]) -> None:
    """Nothing can be paid there, and who can help is named."""
    async with house.client.get(path, headers=headers) as answer:
        page = plain(await answer.text())
        assert answer.status == 403
    assert sentence in page
    assert "tel:+33123456789" in page
    assert "<form" not in page


async def test_a_signed_code_leads_to_its_connector(house: House) -> None:
    page = await house.page(CODES.path("CP1", 1))
    assert "<form" in page
    assert "FR*EXA*E0001*1" in page


async def test_a_code_of_another_connector_is_refused_in_the_driver_s_language(
    house: House,
) -> None:
    path = f"/s/CP1/1?{OTHER}"
    await refused(house, path, "Ce code n'est pas celui de ce point de charge", FRENCH_PAGE)
    await refused(house, path, "Do not pay here. Type the whole address", ENGLISH_PAGE)


async def test_an_address_without_its_signature_is_refused(house: House) -> None:
    await refused(house, "/s/CP1/1", "saisissez l'adresse complète", FRENCH_PAGE)


async def test_a_code_that_changes_holds_while_it_is_shown_and_not_later(house: House) -> None:
    now = house.clock.now()
    assert "<form" in await house.page(CODES.passing_path("CP1", 1, now))
    stale = CODES.passing_path("CP1", 1, now - timedelta(minutes=10))
    await refused(house, stale, "Scannez celui que la borne affiche maintenant", FRENCH_PAGE)


async def test_where_only_the_display_is_to_be_trusted_a_printed_code_is_refused(
    house: House,
) -> None:
    display = CodeDisplay(vendor_id="com.example", data="{url}", only=True)
    await house.storage.transact(lambda tx: tx.stations.put(replace(CHARGE_POINT, display=display)))
    printed = CODES.path("CP1", 1)
    await refused(house, printed, "seul le code affiché sur l'écran", FRENCH_PAGE)
    assert "<form" in await house.page(CODES.passing_path("CP1", 1, house.clock.now()))


async def test_looking_again_keeps_the_signature(house: House) -> None:
    await house.report(ConnectorStatus.FAULTED)
    path = CODES.path("CP1", 1)
    assert f'href="{path}"' in await house.page(path)


async def test_who_has_ordered_is_led_back_by_a_signed_way(house: House) -> None:
    """To the station from a session that is over, and from a form that was refused."""
    session = await house.settled()
    assert f'href="{CODES.path("CP1", 1)}"' in await house.page(f"/c/{session.token}")
    await house.report(ConnectorStatus.FAULTED)
    form = {"charge_point_id": "CP1", "connector_id": 1, "payment_type": "dynamic"}
    async with house.client.post("/api/create-payment", data=form, headers=FRENCH_PAGE) as answer:
        assert f'href="{CODES.path("CP1", 1)}"' in await answer.text()


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (ConnectorStatus.PREPARING, "Un câble est vu branché ici."),
        (ConnectorStatus.AVAILABLE, "Aucun câble n'est encore vu branché ici."),
        (ConnectorStatus.UNKNOWN, None),
    ],
)
async def test_the_page_says_whose_it_is_and_whether_a_cable_is_seen(
    house: House, status: ConnectorStatus, sentence: str | None
) -> None:
    """A swapped code leads to a connector at which the driver's cable is not."""
    await house.report(status)
    page = plain(await house.page(CODES.path("CP1", 1)))
    assert "Vérifiez avant de payer : FR*EXA*E0001*1" in page
    assert sentence in page if sentence else "branché ici" not in page


class TestAccepted:
    """While printed codes are replaced."""

    @pytest.fixture
    def codes(self) -> Codes:
        return Codes((SECRET,), Signatures.ACCEPTED)

    async def test_a_bare_address_holds_and_a_wrong_one_does_not(self, house: House) -> None:
        assert "<form" in await house.page("/s/CP1/1")
        await refused(house, f"/s/CP1/1?{OTHER}", "quelqu'un l'a peut-être changé", FRENCH_PAGE)
