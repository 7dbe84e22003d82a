"""A whole paid charge in each language, and the switch that stands on every page."""

import re
from html.parser import HTMLParser

import pytest

from irve_bridge.domain.session import State
from irve_bridge.i18n import DEFAULT, REGIONS, SOURCE, Language, language
from irve_bridge.web.languages import COOKIE
from irve_bridge.web.wording import REFUSALS, STORIES
from tests.integration.web.conftest import FRENCH_PAGE, House
from tests.unit.web.test_catalogues import catalogue

JAPANESE_PAGE = {"Accept": "text/html", "Accept-Language": "ja"}
WORDS_LEAST = 3
"""Shorter texts are the same in several languages, or stand inside others."""


class Seen(HTMLParser):
    """Collects what a page says, what it is said to be in, and where its switch leads."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.languages: list[str] = []
        self.switches: dict[str, str] = {}
        self.feed(page)
        self.text = " ".join(" ".join(self.texts).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "html":
            self.languages.append(given["lang"])
        if tag == "a" and "hreflang" in given:
            self.switches[given["hreflang"]] = given["href"]
        self.texts.append(given.get("aria-label", ""))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def said_in(code: str) -> set[str]:
    """Return every text in one language."""
    return {language(code).text(str(message.id)) for message in catalogue(DEFAULT)}


class Visitor:
    """Somebody whose browser prefers a regional variant of one language."""

    def __init__(self, house: House, words: Language) -> None:
        self.house = house
        self.words = words
        self.headers = {"Accept": "text/html", "Accept-Language": f"{words.code}-XX, ja;q=0.5"}
        others = said_in(DEFAULT if words.code == SOURCE else SOURCE)
        self.foreign = [
            text for text in others - said_in(words.code) if len(text.split()) >= WORDS_LEAST
        ]

    async def sees(self, path: str, *texts: str, status: int = 200) -> None:
        """Assert that a page says this in the visitor's language, and nothing in another."""
        async with self.house.client.get(path, headers=self.headers) as answer:
            assert answer.status == status
            assert answer.headers["Content-Language"] == self.words.code
            seen = Seen(await answer.text())
        assert seen.languages == [self.words.code]
        assert list(seen.switches) == list(REGIONS)
        for text in texts:
            assert " ".join(self.words.text(text).split()) in seen.text, text
        said = [text for text in self.foreign if " ".join(text.split()) in seen.text]
        assert said == []
        assert "%(" not in seen.text


@pytest.mark.parametrize("code", list(REGIONS))
async def test_a_whole_paid_charge_is_told_in_the_driver_s_language(
    house: House, code: str
) -> None:
    words = language(code)
    visitor = Visitor(house, words)
    await visitor.sees("/", "Scan the code on the connector.")
    await visitor.sees("/s/CP1/1", "Order with obligation to pay", words.money(540, "EUR"))
    created = await house.order(language=visitor.headers["Accept-Language"])
    here = f"/c/{created['token']}"
    await visitor.sees(here, STORIES[State.OPEN].headline, "Continue to the payment")
    opened = (await house.desk.session(created["session_id"])).checkout_id
    async with house.stripe.get(
        f"/v1/checkout/sessions/{opened}", headers={"Authorization": "Bearer sk_test_web"}
    ) as answer:
        checkout = await answer.json()
    assert checkout["locale"] == code
    kept = "Nothing is taken now: you pay after charging, what the meter says."
    assert checkout["custom_text"]["submit"]["message"] == words.text(kept)
    await house.pay(created["session_id"])
    await visitor.sees(f"{here}/return", STORIES[State.SECURED].sentence)
    session = await house.start(await house.until(created["session_id"], State.SECURED))
    await house.read(session, 5_000)
    await visitor.sees(here, "Cost so far", words.kwh(5_000), words.kw(11_000))
    await house.end(session, 12_340)
    await house.until(session.id, State.SETTLED)
    await visitor.sees(here, STORIES[State.SETTLED].sentence, words.money(652, "EUR"))
    await visitor.sees(f"{here}/receipt", "Total paid, VAT included", words.kwh_exact(12_340))
    await visitor.sees("/c/nobody-s", REFUSALS["unknown_session"], status=404)


async def switched(
    house: House, path: str, code: str, cookies: dict[str, str] | None = None
) -> tuple[Seen, str]:
    """Return what a Japanese visitor sees, and the language that their browser keeps."""
    headers = JAPANESE_PAGE | {"Cookie": "; ".join(f"{k}={v}" for k, v in (cookies or {}).items())}
    async with house.client.get(path, headers=headers) as answer:
        kept = answer.cookies.get(COOKIE)
        seen = Seen(await answer.text())
    assert seen.languages == [code]
    return seen, kept.value if kept else ""


async def test_a_picked_language_keeps_the_page_and_is_remembered_on_others(house: House) -> None:
    """Without JavaScript: a link to the same page, and a cookie."""
    seen, kept = await switched(house, "/s/CP1/1?t=a%26b", "fr")
    assert kept == ""
    assert seen.switches["nl"] == "?t=a%26b&lang=nl"
    seen, kept = await switched(house, f"/s/CP1/1{seen.switches['nl']}", "nl")
    assert kept == "nl"
    assert seen.switches["it"] == "?t=a%26b&lang=it"
    await switched(house, "/", "nl", {COOKIE: "nl"})
    _, kept = await switched(house, "/?lang=it", "it", {COOKIE: "nl"})
    assert kept == "it"


async def test_what_is_no_language_of_ours_changes_nothing(house: House) -> None:
    _, kept = await switched(house, "/?lang=xx", "fr", {COOKIE: "../de"})
    assert kept == ""


async def test_after_a_form_the_switch_leads_to_a_page_that_can_be_asked_for(house: House) -> None:
    """A browser would ask for the form's own address, which takes no GET."""
    form = {"charge_point_id": "CP1", "connector_id": "1", "payment_type": "fixed", "amount": "1"}
    async with house.client.post("/api/create-payment", data=form, headers=FRENCH_PAGE) as answer:
        assert answer.status == 422
        seen = Seen(await answer.text())
    assert seen.switches["de"] == "/s/CP1/1?lang=de"
    await switched(house, seen.switches["de"], "de")
    async with house.client.post("/nowhere", headers=FRENCH_PAGE) as answer:
        assert Seen(await answer.text()).switches["de"] == "/?lang=de"


async def test_a_redirection_remembers_the_language_too(house: House) -> None:
    created = await house.order()
    path = f"/c/{created['token']}/return?lang=es"
    async with house.client.get(path, headers=FRENCH_PAGE, allow_redirects=False) as answer:
        cookie = answer.cookies[COOKIE]
    assert (answer.status, cookie.value, cookie["httponly"]) == (303, "es", True)


async def test_the_language_picked_is_that_of_the_order(house: House) -> None:
    form = {"charge_point_id": "CP1", "connector_id": "1", "payment_type": "dynamic"}
    headers = FRENCH_PAGE | {"Cookie": f"{COOKIE}=it"}
    async with house.client.post(
        "/api/create-payment", data=form, headers=headers, allow_redirects=False
    ) as answer:
        assert answer.status == 303
        token = re.findall(r"irve_session=([^;.]+)", str(answer.cookies))[0]
    found = await house.storage.read(lambda tx: tx.sessions.by_token(token))
    assert found is not None
    assert found.locale == "it"


async def test_a_receipt_is_read_in_the_language_picked(house: House) -> None:
    session = await house.settled(language="en")
    seen, _ = await switched(house, f"/c/{session.token}/receipt", "en")
    seen, _ = await switched(house, f"/c/{session.token}/receipt{seen.switches['de']}", "de")
    assert language("de").text("Total paid, VAT included") in seen.text
