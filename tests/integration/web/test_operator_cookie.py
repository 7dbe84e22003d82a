"""The operator's cookie where drivers and operators come over TLS, and what counts as its use."""

from datetime import UTC, datetime, timedelta

from irve_bridge.domain.account import Role
from irve_bridge.service.accounts import add, digest_of
from tests.integration.web.conftest import House

PASSWORD = "correct horse battery staple"


async def test_over_tls_no_other_host_and_no_plain_page_can_set_the_cookie(house: House) -> None:
    """Browsers take a `__Host-` cookie only if it is Secure, for `/` and of no Domain."""
    await add(house.storage, "claire", Role.VIEWER, PASSWORD, datetime.now(UTC))
    form = {"name": "claire", "password": PASSWORD}
    async with house.client.post(
        "/operator/login", data=form, allow_redirects=False, headers={"Accept": "text/html"}
    ) as answer:
        morsel = answer.cookies["__Host-irve_operator"]
    assert (morsel["secure"], morsel["path"], morsel["domain"]) == (True, "/", "")
    headers = {"Cookie": f"irve_operator={morsel.value}"}
    async with house.client.get("/operator", headers=headers, allow_redirects=False) as answer:
        assert answer.status == 303
    headers = {"Cookie": f"__Host-irve_operator={morsel.value}"}
    async with house.client.get("/operator", headers=headers, allow_redirects=False) as answer:
        assert answer.status == 200
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert answer.headers["Cache-Control"] == "no-store"


async def test_a_page_that_keeps_itself_fresh_keeps_nobody_signed_in(house: House) -> None:
    """Else a page left open would never be idle."""
    await add(house.storage, "claire", Role.VIEWER, PASSWORD, datetime.now(UTC))
    form = {"name": "claire", "password": PASSWORD}
    async with house.client.post("/operator/login", data=form, allow_redirects=False) as answer:
        token = answer.cookies["__Host-irve_operator"].value
    half = house.clock.now() - timedelta(minutes=30)
    await house.storage.transact(lambda tx: tx.accounts.seen(digest_of(token), half))
    seen = []
    for unused in ({"X-Unused": "1"}, {}):
        headers = {"Cookie": f"__Host-irve_operator={token}", "Accept": "text/html"} | unused
        async with house.client.get("/operator", headers=headers) as answer:
            assert answer.status == 200
        login = await house.storage.read(lambda tx: tx.accounts.login(digest_of(token)))
        assert login is not None
        seen.append(login.seen_at > half)
    assert seen == [False, True]
