"""What becomes of a charge point's key and security profile while they change over OCPP.

A key is stored before it is sent, so that the charge point is let in whatever became of the call
(OCPP 1.6 security whitepaper A01). A profile is raised once the charge point came with it: until
then it may fall back to the old one (ibid. A05). A profile is never lowered but for
what took the place of another charge point. Keys are hashes.
"""

from dataclasses import replace

from irve_bridge.domain.charge_point import ChargePoint, SecurityProfile

AFTER_REBOOT = "reboot "
"""Stands before a key that was taken, but is in force only after a reboot (OCPP 1.6 §7.22)."""


def of(point: ChargePoint) -> tuple[str | int | None, ...]:
    """Return everything that this is about, to see whether it is as it was."""
    return (
        point.password_hash,
        point.next_password_hash,
        point.given_password_hash,
        point.security_profile,
        point.next_security_profile,
    )


def keys(point: ChargePoint) -> tuple[str, ...]:
    """Return every key that opens now: its own, and those that it may have taken."""
    own = (point.password_hash,) if point.password_hash else ()
    return own + tuple(line.removeprefix(AFTER_REBOOT) for line in _sent(point))


def key_sent(point: ChargePoint, key: str) -> ChargePoint:
    """Accept a key that is about to be sent beside the present one."""
    return _with_sent(point, [*_sent(point), key])


def key_taken(point: ChargePoint, key: str) -> ChargePoint:
    """Accept this key alone (A01.FR.03)."""
    given = point.given_password_hash
    return replace(
        point,
        password_hash=key,
        next_password_hash=None,
        given_password_hash=(point.password_hash or "") if given is None else given,
    )


def key_taken_after_reboot(point: ChargePoint, key: str) -> ChargePoint:
    """Accept it beside the present one until it is used, however often that is used before."""
    return _with_sent(
        point, [f"{AFTER_REBOOT}{key}" if line == key else line for line in _sent(point)]
    )


def key_refused(point: ChargePoint, key: str) -> ChargePoint:
    """Go on with the present key (A01.FR.04)."""
    return _with_sent(point, [line for line in _sent(point) if line != key])


def profile_taken(point: ChargePoint, profile: SecurityProfile) -> ChargePoint:
    """Expect a better profile, which the charge point said that it will use."""
    if profile <= point.security_profile:
        return point
    return replace(point, next_security_profile=profile)


def came_in(point: ChargePoint, key: str | None, profile: SecurityProfile) -> ChargePoint:
    """Let the key that it used decide between old and new, and raise the profile it has reached.

    A profile that was used is the least from then on (A05.FR.09).
    """
    if key is not None:
        point = _decided(point, key)
    expected = point.next_security_profile
    if expected is None or profile < expected:
        return point
    return replace(point, security_profile=expected, next_security_profile=None)


def forgotten(point: ChargePoint) -> ChargePoint:
    """Return it without keys and profile: another charge point has its place.

    The one way to a lower profile, for a person alone (A00.FR.005).
    """
    return replace(
        point,
        security_profile=SecurityProfile.OPEN,
        next_security_profile=None,
        password_hash=None,
        next_password_hash=None,
        given_password_hash=None,
    )


def _decided(point: ChargePoint, key: str) -> ChargePoint:
    if key != point.password_hash:
        return key_taken(point, key)
    return _with_sent(point, [line for line in _sent(point) if line.startswith(AFTER_REBOOT)])


def _sent(point: ChargePoint) -> list[str]:
    return (point.next_password_hash or "").splitlines()


def _with_sent(point: ChargePoint, lines: list[str]) -> ChargePoint:
    return replace(point, next_password_hash="\n".join(lines) or None)
