"""The operator's pages, as browsers ask for them."""

import re
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import pytest
from aiohttp import ClientResponse, ClientSession, CookieJar
from yarl import URL

from irve_bridge.domain.account import Role
from irve_bridge.web.operator.gate import COOKIE
from tests.accounts import PASSWORD, employ, let_in
from tests.integration.world import World, world

HERE = {"Sec-Fetch-Site": "same-origin"}


@dataclass
class Browser:
    """One browser: it keeps its cookies, reads English and says where its forms come from."""

    http: ClientSession
    url: str

    async def get(self, path: str, **headers: str) -> tuple[ClientResponse, str]:
        """Ask for a page; follows no redirection."""
        async with self.http.get(self.url + path, headers=headers, allow_redirects=False) as answer:
            return answer, unescape(await answer.text())

    async def page(self, path: str, status: int = 200) -> str:
        """Return a page."""
        answer, text = await self.get(path)
        assert answer.status == status, text
        return text

    async def post(
        self, path: str, headers: dict[str, str] | None = None, **fields: str
    ) -> tuple[ClientResponse, str]:
        """Send a form; follows no redirection."""
        async with self.http.post(
            self.url + path, data=fields, headers=headers or HERE, allow_redirects=False
        ) as answer:
            return answer, unescape(await answer.text())

    async def sign_in(self, name: str, password: str = PASSWORD) -> ClientResponse:
        answer, _ = await self.post("/operator/login", name=name, password=password)
        return answer

    async def send(self, on: str, path: str, **fields: str) -> tuple[ClientResponse, str]:
        """Send a form of a page as it stands there: with what it carries of the page's login."""
        return await self.post(path, **(hidden(await self.page(on)) | fields))


def hidden(page: str) -> dict[str, str]:
    """Return what every form of a page carries."""
    found = {}
    for name in ("csrf", "form_key", "owed"):
        if match := re.search(rf'name="{name}" value="(\w+)"', page):
            found[name] = match[1]
    return found


Browsers = Callable[[World], AbstractAsyncContextManager[Browser]]


@pytest.fixture
async def w(tmp_path: Path) -> AsyncIterator[World]:
    """A world with an operator, claire, and a viewer, victor."""
    async with world(tmp_path) as made:
        assert made.bridge is not None
        for name, role in (("claire", Role.OPERATOR), ("victor", Role.VIEWER)):
            await employ(made.bridge.storage, name, role)
        yield made


@asynccontextmanager
async def browser_of(w: World, language: str = "en") -> AsyncIterator[Browser]:
    """Open a browser that has no cookie yet."""
    headers = {"Accept": "text/html", "Accept-Language": language}
    async with ClientSession(cookie_jar=CookieJar(unsafe=True), headers=headers) as http:
        yield Browser(http, w.url)


@pytest.fixture
async def stranger(w: World) -> AsyncIterator[Browser]:
    async with browser_of(w) as browser:
        yield browser


@pytest.fixture
async def operator(w: World) -> AsyncIterator[Browser]:
    async with browser_within(w, "claire") as browser:
        yield browser


@pytest.fixture
async def viewer(w: World) -> AsyncIterator[Browser]:
    async with browser_within(w, "victor") as browser:
        yield browser


@asynccontextmanager
async def browser_within(w: World, name: str, language: str = "en") -> AsyncIterator[Browser]:
    """Open a browser that somebody has signed in with already."""
    assert w.bridge is not None
    token = await let_in(w.bridge.storage, name)
    async with browser_of(w, language) as browser:
        browser.http.cookie_jar.update_cookies({COOKIE: token}, URL(w.url))
        yield browser
