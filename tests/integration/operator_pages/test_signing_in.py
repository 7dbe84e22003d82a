"""Accounts, logins and what a form must carry."""

import re
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from structlog.testing import capture_logs

from irve_bridge.clock import SharedClock
from irve_bridge.domain.account import Role
from irve_bridge.service.accounts import Accounts, add, digest_of
from irve_bridge.storage import open_storage
from irve_bridge.web.operator.routes import ROUTES
from tests import sqlite
from tests.integration.operator_pages.conftest import (
    HERE,
    PASSWORD,
    Browser,
    browser_of,
    hidden,
)
from tests.integration.world import World, world

LOGIN = "/operator/login"
PATHS = sorted(
    {
        re.sub(r"\{(\w+)[^}]*\}", "CP1", route.path)
        for route in ROUTES
        if route.method == "GET" and route.path != LOGIN
    }
)
POSTS = sorted(
    {
        re.sub(r"\{(\w+)[^}]*\}", "CP1", route.path)
        for route in ROUTES
        if route.method == "POST" and route.path not in (LOGIN, "/operator/logout")
    }
)


async def test_nobody_sees_a_page_without_signing_in(w: World, stranger: Browser) -> None:
    """Whatever the page: its address is kept for when they have."""
    assert len(PATHS) >= 3
    for path in [*PATHS, "/operator/none-such"]:
        answer, text = await stranger.get(path)
        assert answer.status == 303, path
        assert answer.headers["Location"].startswith(f"{LOGIN}?next=%2Foperator"), path
        assert "République" not in text
    answer, _ = await stranger.post("/operator/stations/CP1/commands/Reset", type="Hard")
    assert answer.headers["Location"] == LOGIN


async def test_who_signs_in_goes_on_to_where_they_wanted(w: World, stranger: Browser) -> None:
    form = await stranger.page(f"{LOGIN}?next=/operator/stations%3Fq=CP1")
    assert 'name="next" value="/operator/stations?q=CP1"' in form
    answer, _ = await stranger.post(
        LOGIN, name=" Claire ", password=PASSWORD, next="/operator/stations?q=CP1"
    )
    assert answer.headers["Location"] == "/operator/stations?q=CP1"
    assert "Parking de la République" in await stranger.page("/operator/stations?q=CP1")


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example", "//evil.example", "/\\evil.example", "/operator/login"]
)
async def test_signing_in_leads_nowhere_else(w: World, stranger: Browser, elsewhere: str) -> None:
    answer, _ = await stranger.post(LOGIN, name="claire", password=PASSWORD, next=elsewhere)
    assert answer.headers["Location"] == "/operator"


async def test_a_wrong_password_and_a_wrong_name_are_told_alike(
    w: World, stranger: Browser
) -> None:
    told = []
    for name, password in (("claire", "wrong"), ("nobody", PASSWORD)):
        answer, text = await stranger.post(LOGIN, name=name, password=password)
        assert answer.status == 403
        assert not answer.cookies
        told.append(text.replace(name, ""))
    assert told[0] == told[1]
    assert "Name or password are not right" in told[0]


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/x-www-form-urlencoded", b"name=\xff&password=%ED%A0%80"),
        ("application/x-www-form-urlencoded; charset=undefined", b"name=claire"),
        ("application/x-www-form-urlencoded; charset=nope", b"name=claire"),
        ("multipart/form-data", b"name=claire"),
        ("multipart/form-data; boundary=x", b"--x"),
    ],
)
@pytest.mark.parametrize("path", [LOGIN, POSTS[0]])
async def test_what_no_form_sends_is_refused_and_is_no_fault_of_ours(
    w: World, operator: Browser, path: str, content_type: str, body: bytes
) -> None:
    headers = HERE | {"Content-Type": content_type}
    async with operator.http.post(w.url + path, data=body, headers=headers) as answer:
        assert 400 <= answer.status < 500


async def test_the_cookie_is_kept_from_scripts_and_names_nothing(
    w: World, stranger: Browser
) -> None:
    answer = await stranger.sign_in("claire")
    morsel = answer.cookies["irve_operator"]
    assert (morsel["httponly"], morsel["samesite"], morsel["path"]) == (True, "Lax", "/")
    assert not morsel["max-age"]
    assert "claire" not in morsel.value
    assert len(morsel.value) >= 43
    assert w.bridge is not None
    kept = await w.bridge.storage.read(lambda tx: tx.accounts.login(digest_of(morsel.value)))
    assert kept is not None
    assert morsel.value not in repr(kept)


async def test_signing_in_renews_the_token_and_signing_out_ends_it(
    w: World, stranger: Browser
) -> None:
    first = (await stranger.sign_in("claire")).cookies["irve_operator"].value
    second = (await stranger.sign_in("claire")).cookies["irve_operator"].value
    assert first != second
    await stranger.page("/operator")
    answer, _ = await stranger.send("/operator", "/operator/logout")
    assert (answer.status, answer.headers["Location"]) == (303, LOGIN)
    for token in (first, second):
        stranger.http.cookie_jar.clear()
        answer, _ = await stranger.get("/operator", Cookie=f"irve_operator={token}")
        assert answer.status == 303


@pytest.mark.parametrize("path", POSTS)
async def test_a_form_without_the_login_s_own_token_does_nothing(
    w: World, operator: Browser, viewer: Browser, path: str
) -> None:
    """None, a wrong one, or that of another login."""
    others = hidden(await viewer.page("/operator/stations"))
    for csrf in ("", "0" * 64, others["csrf"]):
        answer, text = await operator.post(path, csrf=csrf, form_key="k", type="Hard")
        assert answer.status == 403
        assert "of another login" in text


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
async def test_another_site_s_form_does_nothing(
    w: World, operator: Browser, headers: dict[str, str]
) -> None:
    """Not even one that carries the token; nor does it sign anybody in."""
    carried = hidden(await operator.page("/operator/stations/CP1"))
    for path, fields in (
        (POSTS[0], carried),
        (LOGIN, {"name": "claire", "password": PASSWORD}),
    ):
        answer, text = await operator.post(path, headers, **fields)
        assert answer.status == 403
        assert "from another site" in text
        assert not answer.cookies


async def test_the_own_origin_is_none_of_another_site(w: World, stranger: Browser) -> None:
    """A browser that only says `Origin`: without TLS it says nothing else."""
    fields = {"name": "claire", "password": PASSWORD}
    answer, _ = await stranger.post(LOGIN, {"Origin": w.url}, **fields)
    assert answer.status == 303


@pytest.mark.parametrize("path", POSTS)
async def test_a_viewer_reads_and_does_nothing(w: World, viewer: Browser, path: str) -> None:
    answer, text = await viewer.send("/operator/stations/CP1", path, type="Hard", form_key="k")
    assert answer.status == 403
    assert "only reads" in text
    assert "Ask the station" not in await viewer.page("/operator/stations/CP1")


async def test_a_role_holds_from_the_next_page_on(w: World, viewer: Browser) -> None:
    assert (await w.command("accounts", "role", "victor", "operator"))[0] == 0
    assert "Ask the station" in await viewer.page("/operator/stations/CP1")


@pytest.mark.parametrize("words", [("password",), ("disable",)], ids=" ".join)
async def test_another_password_and_a_disabled_account_end_every_login(
    w: World, viewer: Browser, words: tuple[str, ...]
) -> None:
    await viewer.page("/operator")
    assert (await w.command("accounts", *words, "victor", typed=f"{PASSWORD} 2\n"))[0] == 0
    assert (await viewer.get("/operator"))[0].status == 303
    assert (await viewer.sign_in("victor")).status == 403


async def test_guesses_are_held_back_by_name_and_by_address(tmp_path: Path) -> None:
    """Who was let in from an address before is not locked out there by others' guesses."""
    rare = {"operator_logins_per_minute": "0.001", "trusted_proxies": "1"}
    async with world(tmp_path, **rare) as w, browser_of(w) as browser:
        assert w.bridge is not None
        now = datetime.now(UTC)
        await add(w.bridge.storage, "claire", Role.OPERATOR, PASSWORD, now)

        async def tried(address: str, name: str, password: str = "no") -> int:
            headers = HERE | {"X-Forwarded-For": address}
            answer, _ = await browser.post(LOGIN, headers, name=name, password=password)
            return answer.status

        assert await tried("203.0.113.1", "claire", PASSWORD) == 303
        one_name = [await tried(f"192.0.2.{n}", "claire") for n in range(10)]
        assert one_name == [403] * 9 + [429]
        assert await tried("203.0.113.2", "claire", PASSWORD) == 429
        assert await tried("203.0.113.1", "claire", PASSWORD) == 303
        one_address = [await tried("198.51.100.1", f"name{n}") for n in range(11)]
        assert one_address == [403] * 10 + [429]


async def test_a_login_ends_when_idle_and_in_any_case(tmp_path: Path) -> None:
    """A page that asks by itself is nobody's presence."""

    class Watch(SharedClock):
        passed = timedelta()

        def now(self) -> datetime:
            return datetime(2026, 5, 4, tzinfo=UTC) + Watch.passed

    idle, lasts = timedelta(hours=1), timedelta(hours=3)
    async with open_storage(sqlite.made(tmp_path / "bridge.db")) as storage:
        watch = Watch()
        await add(storage, "claire", Role.VIEWER, PASSWORD, watch.now())
        accounts = Accounts(storage, watch, idle, lasts)
        busy = await accounts.sign_in("claire", PASSWORD)
        left = await accounts.sign_in("claire", PASSWORD)
        assert busy
        assert left
        for _ in range(5):
            Watch.passed += timedelta(minutes=35)
            assert await accounts.signed_in(busy)
            await accounts.signed_in(left, used=False)
        assert await accounts.signed_in(left) is None
        Watch.passed += timedelta(minutes=5)
        assert await accounts.signed_in(busy) is None


async def test_hashing_a_password_keeps_nobody_else_waiting(
    w: World, stranger: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Argon2 takes its time on a thread."""
    threads: set[int] = set()
    verify = PasswordHasher.verify

    def noting(self: PasswordHasher, stored: str, password: bytes) -> bool:
        threads.add(threading.get_ident())
        return verify(self, stored, password)

    monkeypatch.setattr(PasswordHasher, "verify", noting)
    assert w.bridge is not None
    accounts = Accounts(w.bridge.storage, SharedClock(), timedelta(hours=1), timedelta(hours=1))
    assert await accounts.sign_in("claire", PASSWORD)
    assert threads
    assert threading.get_ident() not in threads


async def test_the_length_of_a_page_tells_nothing_of_its_token(w: World, operator: Browser) -> None:
    """A page repeats its query: compressed, the token could be guessed from lengths (BREACH)."""
    answer, page = await operator.get("/operator/stations?q=guess", **{"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in answer.headers
    assert "csrf" in hidden(page)


async def test_what_an_operator_does_is_in_the_log_with_their_name(
    w: World, operator: Browser
) -> None:
    with capture_logs() as lines:
        await operator.send("/operator", "/operator/logout")
    (line,) = [line for line in lines if line["event"] == "operator_action"]
    assert (line["account"], line["path"]) == ("claire", "/operator/logout")


async def test_without_an_account_the_page_says_how_to_make_one(tmp_path: Path) -> None:
    async with world(tmp_path) as w, browser_of(w) as browser:
        page = await browser.page(LOGIN)
        assert "irve-bridge accounts add claire --role operator" in page
        answer, page = await browser.post(LOGIN, name="", password="")
        assert answer.status == 403
        assert (await w.command("accounts", "list"))[0] == 0


async def test_every_error_below_operator_is_a_page_of_it(w: World, operator: Browser) -> None:
    assert "There is no such page." in await operator.page("/operator/none-such", 404)
    answer, text = await operator.post("/operator", **hidden(await operator.page("/operator")))
    assert answer.status == 405
    assert "GET" in answer.headers["Allow"]
    assert "To the overview" in text
    unknown = await operator.page("/operator/stations/none-such", 404)
    assert "There is no charge point of this name." in unknown
