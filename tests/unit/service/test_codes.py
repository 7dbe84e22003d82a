"""The codes on stations: a connector's own passes, another one's does not."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from irve_bridge.domain.errors import CodeRefused
from irve_bridge.service.codes import LENGTH, Codes, Signatures

NOW = datetime(2026, 3, 1, 12, 0, 30, tzinfo=UTC)
WINDOW = timedelta(seconds=60)
NEW, OLD = "a-new-secret-of-the-operator", "an-old-secret-of-the-operator"


def given(path: str, name: str) -> str:
    return parse_qs(urlsplit(path).query)[name][0]


def refusal(
    codes: Codes,
    signature: str | None = None,
    token: str | None = None,
    number: int = 1,
    now: datetime = NOW,
    *,
    passing_only: bool = False,
) -> str | None:
    """Return the code of the refusal; None where it passes."""
    try:
        codes.judge("CP1", number, now, signature=signature, token=token, passing_only=passing_only)
    except CodeRefused as refused:
        return refused.code
    return None


def test_without_a_secret_the_address_is_bare() -> None:
    assert Codes().path("CP1", 2) == "/s/CP1/2"
    assert refusal(Codes(), "anything") is None


def test_a_signature_is_short_and_safe_in_an_address() -> None:
    signature = given(Codes((NEW,)).path("CP1", 1), "k")
    assert len(signature) == LENGTH
    assert signature.isalnum()
    assert signature == signature.lower()


@pytest.mark.parametrize(
    ("mode", "missing", "wrong"),
    [
        (Signatures.OFF, None, None),
        (Signatures.ACCEPTED, None, "code_wrong"),
        (Signatures.REQUIRED, "code_missing", "code_wrong"),
    ],
)
def test_what_is_asked_of_a_printed_code(
    mode: Signatures, missing: str | None, wrong: str | None
) -> None:
    codes = Codes((NEW,), mode)
    mine, others = (given(codes.path("CP1", number), "k") for number in (1, 2))
    assert refusal(codes, mine) is None
    assert refusal(codes) == missing
    assert refusal(codes, others) == refusal(codes, "") == refusal(codes, "é") == wrong


def test_a_typed_address_may_be_in_capitals() -> None:
    codes = Codes((NEW,), Signatures.REQUIRED)
    assert refusal(codes, given(codes.path("CP1", 1), "k").upper()) is None


def test_while_secrets_are_replaced_old_codes_hold() -> None:
    old, both, new = (
        Codes(secrets, Signatures.REQUIRED) for secrets in ((OLD,), (NEW, OLD), (NEW,))
    )
    printed = given(old.path("CP1", 1), "k")
    assert refusal(both, printed) is None
    assert refusal(new, printed) == "code_wrong"
    assert both.path("CP1", 1) == new.path("CP1", 1)


@pytest.mark.parametrize(
    ("after_s", "good"), [(0, True), (89, True), (119, True), (121, False), (86_400, False)]
)
def test_a_code_that_changes_holds_until_the_next_but_one(after_s: int, *, good: bool) -> None:
    """And a little longer: a phone takes its time. It is shown in the middle of its window here."""
    codes = Codes((NEW,), window=WINDOW)
    token = given(codes.passing_path("CP1", 1, NOW), "t")
    later = NOW + timedelta(seconds=after_s)
    assert refusal(codes, token=token, now=later) == (None if good else "code_stale")


def test_a_code_that_changes_is_of_one_connector_and_not_of_the_future() -> None:
    codes = Codes((NEW,), window=WINDOW)
    token = given(codes.passing_path("CP1", 1, NOW), "t")
    assert refusal(codes, token=token, number=2) == "code_stale"
    assert refusal(codes, token=token, now=NOW - WINDOW) == "code_stale"
    assert given(codes.passing_path("CP1", 1, NOW + WINDOW), "t") != token


def test_beside_a_code_that_changes_the_printed_one_holds_unless_it_is_said_not_to() -> None:
    codes = Codes((NEW,), Signatures.REQUIRED, WINDOW)
    printed = given(codes.path("CP1", 1), "k")
    token = given(codes.passing_path("CP1", 1, NOW), "t")
    assert refusal(codes, printed) is None
    assert refusal(codes, printed, passing_only=True) == "code_passing"
    assert refusal(codes, passing_only=True) == "code_passing"
    assert refusal(codes, token=token, passing_only=True) is None


def test_a_token_is_no_signature() -> None:
    codes = Codes((NEW,), Signatures.REQUIRED, WINDOW)
    token = given(codes.passing_path("CP1", 1, NOW), "t")
    assert refusal(codes, token) == "code_wrong"


def test_the_next_code_comes_when_the_window_ends() -> None:
    codes = Codes((NEW,), window=WINDOW)
    assert codes.expires_at(NOW) == datetime(2026, 3, 1, 12, 1, tzinfo=UTC)
    assert codes.expires_at(codes.expires_at(NOW)) == datetime(2026, 3, 1, 12, 2, tzinfo=UTC)
