"""What days and stations brought in agrees with the books, on the page and in the files."""

import csv
import io
import re
from datetime import timedelta
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from irve_bridge.service.exports import PAGE
from irve_bridge.service.ports import Movement, Tx
from tests.integration.operator_pages.conftest import Browser
from tests.integration.world import World

TAKINGS = "/operator/takings"
TAGS = re.compile(r"<[^>]+>")
PARIS = ZoneInfo("Europe/Paris")


def rows(page: str, section: str) -> list[list[str]]:
    """Return the cells of the table of a section, its columns' names left out."""
    part = page.partition(f'id="{section}"')[2].partition("</section>")[0]
    found = re.findall(r"<tr[^>]*>(.*?)</tr>", part, re.DOTALL)[1:]
    cells = (re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.DOTALL) for row in found)
    return [[" ".join(unescape(TAGS.sub(" ", cell)).split()) for cell in row] for row in cells]


def euros(minor: int) -> str:
    return f"€{minor / 100:,.2f}" if minor else "–"


async def charge(w: World, plan: str, energy_wh: int, **choice: Any) -> dict[str, Any]:
    """Play one charge from the page to its settlement."""
    async with w.charge_point() as cp:
        await cp.wait_until_online()
        opened = await w.open(plan, **choice)
        await w.page(await w.pay(opened))
        await cp.plug(1)
        await cp.wait_for_energy(1, energy_wh)
        await cp.unplug(1)
        return await w.until(opened["session_id"], "settled")


async def played(w: World) -> list[dict[str, Any]]:
    """Play one charge of each plan, and give back a part of the last one."""
    settled = [
        await charge(w, "fixed", 1500, amount=2000),
        await charge(w, "estimated", 2500, energy_kwh=8),
        await charge(w, "dynamic", 3500),
    ]
    last = settled[-1]["session_id"]
    status, _ = await w.api(
        "POST", f"/api/sessions/{last}/refunds", {"amount": 30, "reason": "goodwill"}
    )
    assert status in (200, 202)

    async def given_back() -> bool:
        return moved(await booked(w, settled[-1:]), "refund") == 30

    await w.eventually(given_back)
    return settled


async def booked(w: World, sessions: list[dict[str, Any]]) -> list[Movement]:
    assert w.bridge is not None

    def query(tx: Tx) -> list[Movement]:
        named = (session["session_id"] for session in sessions)
        return [movement for each in named for movement in tx.books.movements(each)]

    return await w.bridge.storage.read(query)


def moved(movements: list[Movement], *kinds: str) -> int:
    return sum(each.amount_minor for each in movements if each.kind in kinds)


def days(w: World) -> str:
    """Return the query of yesterday to tomorrow on the clock of the world."""
    today = w.clock.now().astimezone(PARIS).date()
    return f"from={today - timedelta(days=1)}&to={today + timedelta(days=1)}"


async def test_takings_and_files_agree_with_the_books_to_the_cent(
    w: World, viewer: Browser
) -> None:
    sessions = await played(w)
    movements = await booked(w, sessions)
    charged = moved(movements, "charge", "capture")
    refunded = moved(movements, "refund")
    assert charged > refunded > 30
    energy_wh = sum(session["energy_wh"] for session in sessions)
    billed = charged - refunded

    page = await viewer.page(f"{TAKINGS}?{days(w)}")
    total = rows(page, "in-EUR")[-1]
    vat = total[4]
    assert total == [
        "In all",
        "3",
        f"{energy_wh / 1000:.2f} kWh",
        euros(billed),
        vat,
        euros(charged),
        euros(refunded),
        euros(billed),
        "–",
    ]
    assert rows(page, "at-EUR") == [["Parking de la République CP1", *total[1:]]]
    assert rows(await viewer.page(f"{TAKINGS}?{days(w)}&station=CP1"), "in-EUR")[-1] == total
    assert "Nothing moved on these days." in await viewer.page(f"{TAKINGS}?{days(w)}&station=CP2")
    assert "Nothing moved on these days." in await viewer.page(f"{TAKINGS}?to=2026-01-01")

    _, text = await viewer.get(f"{TAKINGS}/sessions.csv?{days(w)}")
    listed = list(csv.DictReader(io.StringIO(text)))
    assert [row["session_id"] for row in listed] == [s["session_id"] for s in sessions]
    for column, minor in (
        ("billed_minor", billed),
        ("charged_minor", charged),
        ("refunded_minor", refunded),
        ("energy_wh", energy_wh),
    ):
        assert sum(int(row[column]) for row in listed) == minor, column
    assert euros(sum(int(row["vat_minor"]) for row in listed)) == vat
    assert {row["evse_id"] for row in listed} == {"FR*EXA*E0001*1"}
    assert listed[0]["billed"] == f"{int(listed[0]['billed_minor']) / 100:.2f}"
    assert len(listed[2]["receipts"].split()) == 2

    _, text = await viewer.get(f"{TAKINGS}/movements.csv?{days(w)}")
    ledger = list(csv.DictReader(io.StringIO(text)))
    assert sorted(
        (row["provider_id"], row["kind"], int(row["amount_minor"])) for row in ledger
    ) == (sorted((each.provider_id, each.kind, each.amount_minor) for each in movements))

    async with viewer.http.get(f"{viewer.url}{TAKINGS}/cdrs.json?{days(w)}") as answer:
        cdrs = await answer.json()
    for session in sessions:
        _, known = await w.api("GET", f"/api/sessions/{session['session_id']}/cdr")
        mine = [cdr for cdr in cdrs if cdr["session_id"] == session["session_id"]]
        assert mine == known["cdrs"]
    assert round(sum(cdr["total_cost"]["incl_vat"] for cdr in cdrs) * 100) == billed


async def test_a_spreadsheet_gets_its_own_file(w: World, viewer: Browser) -> None:
    """A mark of its encoding, commas as decimal signs where they are, local moments."""
    await charge(w, "dynamic", 1500)
    asked = f"{TAKINGS}/sessions.csv?{days(w)}&reader=spreadsheet&lang="
    async with viewer.http.get(f"{viewer.url}{asked}fr") as answer:
        assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert re.fullmatch(
            r'attachment; filename="sessions_[\d-]+_[\d-]+\.csv"',
            answer.headers["Content-Disposition"],
        )
        french = (await answer.read()).decode()
    assert french.startswith("\ufeffsession_id;receipts;state;")
    (row,) = csv.DictReader(io.StringIO(french.removeprefix("\ufeff")), delimiter=";")
    assert row["billed"] == f"{int(row['billed_minor']) / 100:.2f}".replace(".", ",")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", row["ended_at"])
    async with viewer.http.get(f"{viewer.url}{asked}en") as answer:
        assert (await answer.read()).startswith("\ufeffsession_id,receipts,state,".encode())


async def test_a_long_file_has_every_row_once(w: World, viewer: Browser) -> None:
    """Several pages of the books, read one after the other."""
    assert w.bridge is not None
    session = await charge(w, "dynamic", 1500)
    many, at = 2 * PAGE + 7, w.clock.now()

    def fill(tx: Tx) -> None:
        for number in range(many):
            movement = Movement(
                session_id=session["session_id"],
                kind="dispute",
                amount_minor=1,
                currency="EUR",
                provider="stripe",
                account="=HYPERLINK(1)",
                provider_id=f"dp_{number}",
                at=at,
            )
            tx.books.record(movement)

    await w.bridge.storage.transact(fill)
    _, text = await viewer.get(f"{TAKINGS}/movements.csv?{days(w)}")
    ledger = list(csv.DictReader(io.StringIO(text)))
    disputes = [row for row in ledger if row["kind"] == "dispute"]
    assert sorted(row["provider_id"] for row in disputes) == sorted(f"dp_{n}" for n in range(many))
    assert {row["account"] for row in disputes} == {"'=HYPERLINK(1)"}
    assert rows(await viewer.page(f"{TAKINGS}?{days(w)}"), "in-EUR")[-1][-1] == euros(many)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("from=2026-03-02&to=2026-03-01", "These days end before they begin."),
        ("from=2026-01-01&to=2026-04-03", "These are too many days: look at 92 at once."),
    ],
)
async def test_days_that_cannot_be_looked_at_are_said_beside_the_form(
    viewer: Browser, query: str, sentence: str
) -> None:
    assert sentence in await viewer.page(f"{TAKINGS}?{query}", 422)
    assert (await viewer.get(f"{TAKINGS}/movements.csv?{query}"))[0].status == 422
    assert "not right in the form" in await viewer.page(f"{TAKINGS}?from=yesterday", 422)


async def test_days_left_empty_are_the_last_ones(viewer: Browser) -> None:
    """As browsers send a form whose fields were emptied."""
    page = await viewer.page(f"{TAKINGS}?from=&to=&station=")
    assert "Nothing moved on these days." in page


async def test_a_quarter_of_a_year_says_on_whose_clock_its_days_are(viewer: Browser) -> None:
    page = await viewer.page(f"{TAKINGS}?from=2026-01-01&to=2026-04-02")
    assert "Days on the clock of Europe/Paris." in page
    assert "Nothing moved on these days." in page


async def test_nobody_else_gets_a_file(stranger: Browser) -> None:
    for path in ("sessions.csv", "movements.csv", "cdrs.json"):
        answer, _ = await stranger.get(f"{TAKINGS}/{path}")
        assert answer.status == 303
        assert answer.headers["Location"].startswith("/operator/login")
