"""An operator in a real browser: in by password, to the session that waits, and decided."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, ViewportSize, expect

from irve_bridge.domain.account import Role
from tests.browser.chromium import PHONE
from tests.browser.desk import DESK, employ, sign_in
from tests.integration.test_signed_readings import stations_file
from tests.integration.world import World, world

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def reviewed(w: World) -> str:
    """Let a driver charge at a station that signs nothing; returns the session's id."""
    async with w.charge_point() as cp:
        await cp.wait_until_online()
        opened = await w.open("dynamic")
        await w.page(await w.pay(opened))
        await cp.plug(1)
        await cp.wait_for_energy(1, 1500)
        await cp.unplug(1)
        await w.until(opened["session_id"], "review")
        return str(opened["session_id"])


@pytest.mark.parametrize("scripted", [True, False], ids=["with-javascript", "without-javascript"])
@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
async def test_an_operator_finds_a_session_in_review_and_decides_it(
    tmp_path: Path, browser: Browser, viewport: ViewportSize, *, scripted: bool
) -> None:
    """From the overview, in French, asked twice; the page never scrolls sideways."""
    async with world(tmp_path, stations_file=stations_file(tmp_path, required=True)) as w:
        await employ(w, "claire", Role.OPERATOR)
        session_id = await reviewed(w)
        page = await browser.new_page(
            viewport=viewport, locale="fr-FR", java_script_enabled=scripted
        )
        broken: list[str] = []
        page.on("console", lambda m: broken.append(m.text) if m.type == "error" else None)
        await sign_in(page, w, "claire")
        await page.get_by_text("1 charge attend").click()
        await expect(page.get_by_text(session_id)).to_be_visible()
        await page.get_by_role("article").get_by_role("link").first.click()
        await page.wait_for_url(re.compile(f"/operator/sessions/{session_id}"))
        await expect(page.get_by_role("img", name=re.compile("Énergie du"))).to_be_visible()
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        await page.get_by_label("Montant en EUR").fill("0,60")
        await page.get_by_role("button", name="Régler ce montant").click()
        await expect(page.get_by_text("0,60\N{NO-BREAK SPACE}€ sont prélevés")).to_be_visible()
        await page.get_by_role("button", name="Oui, le faire").click()
        await expect(page.get_by_text("C’est fait.")).to_be_visible()
        assert (await w.until(session_id, "settled"))["amount"] == 60
        await page.reload()
        await expect(page.get_by_role("cell", name="claire")).to_be_visible()
        assert broken == []


async def test_figures_keep_themselves_fresh(tmp_path: Path, browser: Browser) -> None:
    """Nobody touches the page; a charge that begins meanwhile is there."""
    async with world(tmp_path) as w, w.charge_point() as cp:
        await cp.wait_until_online()
        await employ(w, "victor", Role.VIEWER)
        page = await browser.new_page(viewport=DESK, locale="fr-FR")
        await sign_in(page, w, "victor")
        await expect(page.get_by_text("Aucune charge n’est en cours.")).to_be_visible()
        opened = await w.open("dynamic")
        await w.page(await w.pay(opened))
        await cp.plug(1)
        await w.until(opened["session_id"], "charging")
        await expect(page.get_by_role("cell", name="En charge")).to_be_visible(timeout=20_000)
