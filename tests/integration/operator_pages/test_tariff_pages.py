"""Tariffs as drivers read them, where they hold, and what a charge would cost."""

import re
from html import unescape

import pytest

from tests.integration.operator_pages.conftest import Browser
from tests.integration.world import World

AC = "/operator/tariffs/ac"
TAGS = re.compile(r"<[^>]+>")


def words(page: str) -> str:
    """Return what a page says, without its marks and with single spaces."""
    return " ".join(unescape(TAGS.sub(" ", page)).split())


def prices(page: str) -> str:
    """Return the price list of a page, as it is written there."""
    found = re.search(r'<dl(?: class="prices")?>(.*?)</dl>', page, re.DOTALL)
    assert found is not None
    return words(found[1])


async def test_tariffs_are_listed_with_how_many_connectors_name_them(viewer: Browser) -> None:
    page = await viewer.page("/operator/tariffs")
    rows = [words(row) for row in re.findall(r"<tr>(.*?)</tr>", page, re.DOTALL)[1:]]
    assert len(rows) == 2
    assert re.match(r"ac EUR .*€0\.39 /kWh.* always 3$", rows[0])
    assert re.match(r"dc EUR .*€0\.59004 /kWh.* always 1$", rows[1])


@pytest.mark.parametrize("code", ["fr", "en", "de", "es", "it", "nl"])
async def test_a_driver_s_price_list_is_the_station_page_s_in_each_language(
    w: World, viewer: Browser, code: str
) -> None:
    _, station = await viewer.get("/s/CP1/1", **{"Accept-Language": code})
    page = await viewer.page(f"{AC}?as={code}")
    shown = page.partition(f'<div lang="{code}">')[2]
    assert prices(shown) == prices(station)
    note = re.search(
        r'class="prices">.*?</dl>.*?<p class="quiet mt-1 text-sm">(.*?)</p>', station, re.DOTALL
    )
    assert note is not None
    assert note[1] in shown


async def test_a_tariff_tells_its_elements_and_where_it_holds(viewer: Browser) -> None:
    said = words(await viewer.page(AC))
    assert "1 Energy always €0.325/kWh 20% €0.39/kWh" in said
    assert "connectors name it." in said
    assert "FR*EXA*E0001*1" in said
    answer, _ = await viewer.get("/operator/tariffs/nowhere")
    assert answer.status == 404


async def test_a_charge_is_priced_as_the_command_line_does(w: World, viewer: Browser) -> None:
    asked = ("20", "60", "40")
    _, told = await w.command(
        *("tariff", "price", "config/tariffs/ac.json", "--language", "en"),
        *("--energy", asked[0], "--minutes", asked[1], "--parked-minutes", asked[2]),
    )
    gross = re.findall(r"€[0-9.]+", next(line for line in told.splitlines() if "total" in line))
    page = await viewer.page(f"{AC}?kwh={asked[0]}&minutes={asked[1]}&parked={asked[2]}")
    bill = words(page.partition('<tr class="total">')[2].partition("</tr>")[0])
    assert bill == f"In all {' '.join(gross)}"
    assert "40 min" in words(page)


async def test_energy_alone_takes_the_power_and_a_comma_is_a_point(viewer: Browser) -> None:
    with_comma = await viewer.page(f"{AC}?kwh=20,5&power=22")
    assert "20.50 kWh ×" in words(with_comma)
    assert "55 min 55 s" in words(with_comma)
    at_night = await viewer.page(f"{AC}?kwh=1&power=22&at=2026-07-14T23:30")
    assert "Starting 14 Jul 2026, 23:30:00, on the clock of Europe/Paris:" in words(at_night)


@pytest.mark.parametrize(
    "query",
    [
        "kwh=lots",
        "kwh=-1",
        "kwh=1",
        "minutes=NaN",
        "kwh=1&at=noon",
        "kwh=1&power=22&at=2026-07-14T23:30Z",
        "kwh=1&power=22&at=-1",
        "kwh=50000&power=0.001",
        "kwh=100000&power=0.001",
    ],
)
async def test_what_cannot_be_priced_is_said_beside_the_form(viewer: Browser, query: str) -> None:
    page = await viewer.page(f"{AC}?{query}")
    assert "Give the energy, or the minutes and a power" in page
    assert "In all" not in page


async def test_a_field_left_empty_is_a_field_not_given(viewer: Browser) -> None:
    """As browsers send it."""
    page = await viewer.page(f"{AC}?kwh=20&minutes=&parked=&power=22&at=")
    assert "In all" in page
    assert "Give the energy" not in page


async def test_texts_of_a_query_are_texts_on_the_page(viewer: Browser) -> None:
    answer, _ = await viewer.get(f"{AC}?kwh=%22%3E%3Cscript%3E1")
    async with viewer.http.get(f"{viewer.url}{AC}?kwh=%22%3E%3Cscript%3E1") as raw:
        assert "<script>1" not in await raw.text()
    assert answer.status == 200
