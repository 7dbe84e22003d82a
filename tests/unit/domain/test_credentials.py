"""A new key never locks a charge point out, and no profile is lowered."""

from dataclasses import replace

import pytest

from irve_bridge.domain.charge_point import ChargePoint, SecurityProfile
from irve_bridge.domain.credentials import (
    came_in,
    key_refused,
    key_sent,
    key_taken,
    key_taken_after_reboot,
    keys,
    profile_taken,
)

POINT = ChargePoint(
    id="CP1",
    name="CP1",
    operator_name="Operator",
    operator_phone="1",
    security_profile=SecurityProfile.BASIC,
    password_hash="old",
)


def test_a_key_that_is_sent_opens_beside_the_old_one() -> None:
    """Whatever becomes of the call, the charge point comes back with one of both."""
    assert keys(key_sent(POINT, "new")) == ("old", "new")


def test_a_key_that_was_accepted_opens_alone() -> None:
    """A01.FR.03: the old one is no longer accepted."""
    assert keys(key_taken(key_sent(POINT, "new"), "new")) == ("new",)


def test_a_key_that_was_refused_opens_no_more() -> None:
    """A01.FR.04: the old one is still accepted."""
    assert key_refused(key_sent(POINT, "new"), "new") == POINT


@pytest.mark.parametrize("used", ["old", "new"])
def test_without_an_answer_the_next_login_decides(used: str) -> None:
    assert keys(came_in(key_sent(POINT, "new"), used, SecurityProfile.BASIC)) == (used,)


def test_a_login_without_a_key_decides_nothing() -> None:
    sent = key_sent(POINT, "new")
    assert came_in(sent, None, SecurityProfile.CERTIFICATE) == sent


def test_a_key_that_waits_for_a_reboot_outlasts_logins_with_the_old_one() -> None:
    waiting = key_taken_after_reboot(key_sent(POINT, "new"), "new")
    back = came_in(waiting, "old", SecurityProfile.BASIC)
    assert keys(back) == ("old", "new")
    assert keys(came_in(back, "new", SecurityProfile.BASIC)) == ("new",)


def test_each_of_several_keys_without_an_answer_may_have_been_taken() -> None:
    sent = key_sent(key_sent(POINT, "first"), "second")
    assert keys(key_refused(sent, "second")) == ("old", "first")
    assert keys(came_in(sent, "first", SecurityProfile.BASIC)) == ("first",)


@pytest.mark.parametrize(("password_hash", "given"), [("old", "old"), (None, "")])
def test_what_the_file_gave_is_remembered_once_a_key_takes_its_place(
    password_hash: str | None, given: str
) -> None:
    once = key_taken(replace(POINT, password_hash=password_hash), "new")
    twice = key_taken(once, "newer")
    assert once.given_password_hash == twice.given_password_hash == given


def test_a_profile_is_raised_by_the_first_connection_that_has_it() -> None:
    """A05.FR.08, 09: until then the charge point may fall back, from then on it may not."""
    accepted = profile_taken(POINT, SecurityProfile.TLS)
    assert accepted.security_profile is SecurityProfile.BASIC
    assert came_in(accepted, "old", SecurityProfile.BASIC) == accepted
    raised = came_in(accepted, "old", SecurityProfile.TLS)
    assert raised.security_profile is SecurityProfile.TLS
    assert raised.next_security_profile is None


def test_a_better_connection_raises_nothing_that_nobody_asked_for() -> None:
    assert came_in(POINT, "old", SecurityProfile.TLS) == POINT


@pytest.mark.parametrize("profile", [SecurityProfile.OPEN, SecurityProfile.BASIC])
def test_a_profile_is_never_lowered(profile: SecurityProfile) -> None:
    assert profile_taken(POINT, profile) == POINT
