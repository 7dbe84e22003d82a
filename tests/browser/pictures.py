"""`make pictures`: every page as a driver's phone shows it, for the documents.

docs/pages.md shows all of them, each with its sentence; docs/images/pages.png shows three side by
side, for the README. A page is added by a line in CHAPTERS; tests/browser/pages.py brings it about.
"""

import asyncio
import logging
import tempfile
from io import BytesIO
from pathlib import Path
from typing import Literal, NamedTuple

import structlog
from PIL import Image
from playwright.async_api import Browser, ViewportSize

from tests.browser.chromium import PHONE, launched
from tests.browser.desk import DESK
from tests.browser.pages import Scale, Shown, shown
from tests.integration.world import ROOT

DOCS = ROOT / "docs"
FOLDER = DOCS / "images"
AS_IN_LIFE = Scale(speed=100, power_kw=22, battery_wh=82_000, energy_wh=8_000, held_kwh=60)
COLOURS = 64
TOGETHER = ("station", "charging", "receipt_dynamic")
SHEET = '<body style="margin:0;padding:24px;display:flex;gap:24px;background:#e5e7eb">{}</body>'
PHOTO = (
    '<img src="{}" width="390" height="844"'
    ' style="object-fit:cover;object-position:top;border-radius:24px;border:1px solid #9ca3af">'
)
INTRODUCTION = """# The pages

What a driver can see on a phone, and an operator at a desk, in French, each with the moment in
which it appears. The same pages exist in English, German, Spanish, Italian and Dutch.
`make pictures` takes them all anew from a running bridge with simulated charge points and a
simulated Stripe, and writes this page.
"""


class Picture(NamedTuple):
    """A page to be taken, and the sentence that stands under it."""

    name: str
    sentence: str
    scheme: Literal["light", "dark"] = "light"
    size: ViewportSize = PHONE

    @property
    def file(self) -> str:
        """The file's name."""
        return f"{self.name}{'_dark' if self.scheme == 'dark' else ''}.png"

    @property
    def width(self) -> int:
        """How wide it stands in the document."""
        return 300 if self.size == PHONE else 800

    @property
    def caption(self) -> str:
        """What it is a picture of, in a few words."""
        return f"{self.name.replace('_', ' ')}{', at night' if self.scheme == 'dark' else ''}"


CHAPTERS: dict[str, tuple[Picture, ...]] = {
    "Before paying": (
        Picture("home", "Somebody who came without a code is told how to charge."),
        Picture("station", "The code on a connector leads to its price and the three ways to pay."),
        Picture("station", "The same at night.", "dark"),
        Picture(
            "station_form_refused", "An amount that cannot be paid is refused where it stands."
        ),
        Picture("station_busy", "Somebody else uses the connector, so nothing is sold."),
        Picture("station_faulted", "The connector is out of order."),
        Picture("station_out_of_service", "The operator has taken the connector out of service."),
        Picture("station_offline", "The station has no connection just now."),
        Picture("code_refused", "The code is not this connector's: somebody may have swapped it."),
    ),
    "From the payment to the car": (
        Picture("waiting_for_payment", "The checkout is open, and nothing is paid yet."),
        Picture("plug_in", "The payment is confirmed: now the cable."),
        Picture("starting", "The cable is plugged in, and the station is about to start."),
        Picture("station_does_not_answer", "The station fell silent after the payment."),
        Picture("charging", "Cost, energy, power and time move by themselves."),
        Picture("charging", "The same at night.", "dark"),
        Picture("charging_with_a_hold", "A hold may be made larger while the charge goes on."),
        Picture("car_paused", "The car is full, or takes nothing for now."),
        Picture("stop_question", "Whether to stop is asked first; here without JavaScript."),
        Picture("stopping", "The stop has been asked for, and the station has not yet obeyed."),
    ),
    "The end": (
        Picture("settling", "The charge is over, and its exact amount is being settled."),
        Picture("receipt_dynamic", "Paid: what the meter says, once."),
        Picture("receipt_dynamic", "The same at night.", "dark"),
        Picture("receipt_fixed", "Of a fixed amount, what was not used went back."),
        Picture("receipt_estimated", "Of a hold, only the cost was taken."),
        Picture("receipt_signed", "Where the meter signs, its key and signature can be checked."),
        Picture("receipt_to_print", "The receipt to print or keep, as a PDF too."),
        Picture("refund_under_way", "The refund is made, and the bank takes its time."),
    ),
    "When it goes otherwise": (
        Picture("due", "The card did not pay: another one can."),
        Picture("due", "The same at night.", "dark"),
        Picture("due_to_confirm", "The bank wants its cardholder: one tap asks it, on this page."),
        Picture("nothing_paid", "The driver left the checkout."),
        Picture("nothing_to_pay", "The station refused to start, so nothing is taken."),
        Picture(
            "releasing", "The driver cancelled before the start: the money is on its way back."
        ),
        Picture("earlier_charge_first", "The card still owes for an earlier charge."),
        Picture("in_review", "The meter's readings contradict each other: a person looks."),
        Picture("finish", "A charge is ended by the driver's own link, and by no other address."),
        Picture("unknown_station", "No such connector."),
        Picture("unknown_page", "No such page."),
    ),
    "The operator": (
        Picture("operator_login", "Who has an account signs in.", size=DESK),
        Picture("operator", "How everything stands, and what waits for somebody.", size=DESK),
        Picture("operator", "The same at night, on a phone.", "dark"),
        Picture(
            "operator_sessions", "Every charge, by state or by what is known of it.", size=DESK
        ),
        Picture("operator_session", "One charge with its whole story.", size=DESK),
        Picture(
            "operator_session_running",
            "One that runs, to be ended for whoever cannot do so.",
            size=DESK,
        ),
        Picture("operator_session_in_review", "Somebody decides what is owed.", size=DESK),
        Picture("operator_review", "What waits for a decision.", size=DESK),
        Picture("operator_due", "What cards did not pay.", size=DESK),
        Picture("operator_stations", "Stations, and whether they answer.", size=DESK),
        Picture("operator_station", "One station, and what it can be asked.", size=DESK),
        Picture("operator_station_events", "What a station told of itself.", size=DESK),
        Picture("operator_station_commands", "What a station was asked.", size=DESK),
        Picture("operator_strangers", "Who tried to connect and is not registered.", size=DESK),
        Picture("operator_id_tags", "The badges of the operator's own customers.", size=DESK),
        Picture("operator_tariffs", "Tariffs, and where they are used.", size=DESK),
        Picture(
            "operator_tariff", "A tariff as drivers read it, and what a charge costs.", size=DESK
        ),
        Picture("operator_takings", "What days and stations brought in.", size=DESK),
    ),
}


async def main() -> None:
    """Take every picture, and write the page that shows them."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        async with shown(Path(folder), AS_IN_LIFE) as pages, launched() as browser:
            known = {page.name: page for page in pages}
            for pictures in CHAPTERS.values():
                for picture in pictures:
                    await take(browser, known[picture.name], picture)
            await together(browser)
    (DOCS / "pages.md").write_text(document(), encoding="utf-8")


async def take(browser: Browser, shown_page: Shown, picture: Picture) -> None:
    """Write what a phone shows that is as long as the page: nothing sticks to its edge."""
    page = await browser.new_page(
        viewport=picture.size, locale="fr-FR", color_scheme=picture.scheme
    )
    await shown_page.visit(page)
    height = await page.evaluate("document.scrollingElement.scrollHeight")
    await page.set_viewport_size({"width": picture.size["width"], "height": height})
    keep(await page.screenshot(animations="disabled"), picture.file)
    await page.close()


async def together(browser: Browser) -> None:
    """Write three phones side by side."""
    page = await browser.new_page(viewport={"width": 1272, "height": 894})
    sheet = FOLDER / "pages.html"
    sheet.write_text(SHEET.format("".join(PHOTO.format(f"{name}.png") for name in TOGETHER)))
    await page.goto(sheet.as_uri())
    keep(await page.screenshot(full_page=True), "pages.png")
    sheet.unlink()


def keep(png: bytes, name: str) -> None:
    """Write a picture with as few colours as a page needs."""
    few = Image.open(BytesIO(png)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    few.save(FOLDER / name, optimize=True)


def document() -> str:
    """Return the page that shows all pictures."""
    parts = [INTRODUCTION]
    for title, pictures in CHAPTERS.items():
        parts.append(f"\n## {title}\n")
        for picture in pictures:
            image = (
                f'<img src="images/{picture.file}" width="{picture.width}" alt="{picture.caption}">'
            )
            parts.append(f"\n{picture.sentence}\n\n{image}\n")
    return "".join(parts)


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    asyncio.run(main())
