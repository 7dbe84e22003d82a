"""An operator at a desk: in by password."""

from playwright.async_api import Page, ViewportSize, expect

from irve_bridge.domain.account import Role
from tests import accounts
from tests.accounts import PASSWORD
from tests.integration.world import World

DESK: ViewportSize = {"width": 1440, "height": 900}


async def employ(w: World, name: str, role: Role) -> None:
    """Give somebody an account."""
    assert w.bridge is not None
    await accounts.employ(w.bridge.storage, name, role)


async def signed_in(w: World, name: str) -> str:
    """Let somebody in without a browser; returns the cookie's value."""
    assert w.bridge is not None
    return await accounts.let_in(w.bridge.storage, name)


async def sign_in(page: Page, w: World, name: str) -> None:
    """Open the first page, fill in the form that stands before it, in French, and see it."""
    await page.goto(f"{w.url}/operator")
    await page.get_by_label("Nom").fill(name)
    await page.get_by_label("Mot de passe").fill(PASSWORD)
    await page.get_by_role("button", name="Se connecter").click()
    await expect(page.get_by_role("heading", name="Vue d’ensemble")).to_be_visible()
