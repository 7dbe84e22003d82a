"""What a driver sees who scanned the code on a connector."""

import re

import pytest
from aiohttp import web

from irve_bridge.domain.charge_point import ConnectorStatus
from irve_bridge.web.callers import COOKIE, REMEMBERED_MOST
from tests.integration.web.conftest import ENGLISH_PAGE, FRENCH_PAGE, House, plain


async def test_the_page_names_station_connector_operator_and_phone(house: House) -> None:
    page = await house.page("/s/CP1/1")
    for text in ("Parking de la République", "FR*EXA*E0001*1", "Recharge Exemple", "tel:+33123"):
        assert text in page
    assert "Disponible" in page


async def test_the_price_is_gross_and_in_the_legal_order(house: House) -> None:
    """Per kWh, per minute, per session, VAT included (Regulation (EU) 2023/1804, art. 5(4))."""
    page = await house.page("/s/CP1/1")
    prices = re.findall(r"<strong>([\d,]+ €)</strong>(/kWh|/min)?", page)
    assert "Project-Id" not in page  # gettext keeps its header under the empty message
    assert prices == [("0,48 €", "/kWh"), ("0,06 €", "/min"), ("0,60 €", "")]


async def test_french_is_spoken_unless_english_is_preferred(house: House) -> None:
    assert "Commander avec obligation de paiement" in await house.page("/s/CP1/1")
    english = await house.page("/s/CP1/1", ENGLISH_PAGE)
    assert "Order with obligation to pay" in english
    assert "€0.48" in english
    unknown = await house.page("/s/CP1/1", {"Accept": "text/html", "Accept-Language": "ja"})
    assert "Commander avec obligation de paiement" in unknown


async def test_the_three_ways_to_pay_stand_in_one_plain_form(house: House) -> None:
    page = await house.page("/s/CP1/1")
    for plan in ("fixed", "estimated", "dynamic"):
        assert f'name="payment_type" value="{plan}"' in page
    assert "J'autorise Recharge Exemple" in page
    assert "rétractation" in page
    assert "5,40 €" in page  # 10 kWh x 0.48 + 0.60


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (ConnectorStatus.FAULTED, "en panne"),
        (ConnectorStatus.FINISHING, "Débranchez-le"),
        (ConnectorStatus.UNAVAILABLE, "hors service"),
        (ConnectorStatus.RESERVED, "réservé à quelqu'un d'autre"),
        (ConnectorStatus.CHARGING, "Quelqu'un d'autre"),
    ],
)
async def test_a_connector_that_cannot_start_offers_no_payment(
    house: House, status: ConnectorStatus, sentence: str
) -> None:
    await house.report(status)
    page = await house.page("/s/CP1/1")
    assert sentence in page
    assert "<form" not in page


async def test_a_connector_that_has_not_spoken_yet_is_sold_and_shown_as_such(house: House) -> None:
    """The mark beside the price and the form below it follow one rule."""
    await house.report(ConnectorStatus.UNKNOWN)
    page = await house.page("/s/CP1/1")
    assert re.search(r'class="badge badge-good">\s*État inconnu', page)
    assert "<form" in page


async def test_an_offline_station_offers_no_payment(house: House) -> None:
    await house.unplug_socket()
    page = await house.page("/s/CP1/1")
    assert "hors ligne" in page
    assert "<form" not in page


async def test_an_unknown_connector_is_404_in_words(house: House) -> None:
    async with house.client.get("/s/CP1/9", headers=FRENCH_PAGE) as answer:
        assert answer.status == 404
        assert "Scannez de nouveau le code" in plain(await answer.text())


async def test_a_second_driver_is_told_politely(house: House) -> None:
    await house.order()
    page = await house.page("/s/CP1/1")
    assert "Quelqu'un d'autre utilise ce point de charge" in page
    assert "<form" not in page


async def test_the_driver_who_scans_again_gets_their_own_session_back(house: House) -> None:
    session = await house.secured()
    headers = FRENCH_PAGE | {"Cookie": f"{COOKIE}={session.token}"}
    async with house.client.get("/s/CP1/1", headers=headers, allow_redirects=False) as answer:
        assert answer.status == 303
        assert answer.headers["Location"] == f"/c/{session.token}"


async def test_a_driver_with_several_cars_finds_each_session_at_its_connector(
    house: House,
) -> None:
    await house.report(ConnectorStatus.AVAILABLE, number=2)
    cookie = ""
    for number in (1, 2):
        async with house.client.post(
            "/api/create-payment",
            data={"charge_point_id": "CP1", "connector_id": number, "payment_type": "dynamic"},
            headers=FRENCH_PAGE | {"Cookie": f"{COOKIE}={cookie}"},
            allow_redirects=False,
        ) as answer:
            cookie = answer.cookies[COOKIE].value
    second, first = cookie.split(".")
    for number, token in ((1, first), (2, second)):
        headers = FRENCH_PAGE | {"Cookie": f"{COOKIE}={cookie}"}
        path = f"/s/CP1/{number}"
        async with house.client.get(path, headers=headers, allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (303, f"/c/{token}")


async def test_only_the_last_few_sessions_are_remembered(house: House) -> None:
    session = await house.secured()
    old = [f"old{number}" for number in range(REMEMBERED_MOST)]
    headers = FRENCH_PAGE | {"Cookie": f"{COOKIE}={'.'.join(old)}"}
    async with house.client.get(f"/c/{session.token}", headers=headers) as answer:
        assert answer.cookies[COOKIE].value.split(".") == [session.token, *old[:-1]]


async def test_the_driver_of_an_ended_session_is_shown_the_way_to_it(house: House) -> None:
    session = await house.settled()
    await house.report(ConnectorStatus.AVAILABLE)
    page = await house.page("/s/CP1/1", FRENCH_PAGE | {"Cookie": f"{COOKIE}={session.token}"})
    assert f'href="/c/{session.token}"' in page
    assert "<form" in page


async def test_assets_are_kept_forever_and_pages_never(house: House) -> None:
    page = await house.page("/")
    (styles,) = re.findall(r'href="(/static/app\.\w+\.css)"', page)
    async with house.client.get(styles) as answer:
        assert "immutable" in answer.headers["Cache-Control"]
    async with house.client.get("/s/CP1/1", headers=FRENCH_PAGE) as answer:
        assert answer.headers["Cache-Control"] == "no-store"


async def test_a_page_holds_nothing_its_policy_forbids(house: House) -> None:
    async with house.client.get("/s/CP1/1", headers=FRENCH_PAGE) as answer:
        policy = answer.headers["Content-Security-Policy"]
        page = await answer.text()
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert str(house.stripe._base_url).rstrip("/") in policy
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert not re.search(r"<script(?! src)|style=|\son\w+=", page)
    assert not re.search(r'(?:src|href)="https?:', page)


async def test_the_home_page_says_what_to_do(house: House) -> None:
    page = await house.page("/")
    assert "Scannez le code" in page
    assert "/s/CP1" not in page


async def test_a_page_that_does_not_exist_says_so_in_words(house: House) -> None:
    async with house.client.get("/nowhere", headers=FRENCH_PAGE) as answer:
        assert answer.status == web.HTTPNotFound.status_code
        assert "Cette page n'existe pas" in plain(await answer.text())
