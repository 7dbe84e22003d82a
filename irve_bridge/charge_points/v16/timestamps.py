"""Moments as charge points write them, and as they are answered."""

from datetime import UTC, datetime, timedelta

# OCPP 1.6 was published in October 2015: an earlier moment shows a clock that was never set.
EARLIEST = datetime(2015, 10, 1, tzinfo=UTC)

# A zone mistaken for another is less than a day; a later moment is a clock gone wild.
AHEAD_MOST = timedelta(days=1)


def parse(text: str, now: datetime) -> datetime | None:
    """Return a moment in UTC, taken as UTC where it names no zone (OCPP 1.6 ed. 2 §3.15).

    None where the text is no moment, or one at which no charge point's clock was right.
    """
    try:
        at = datetime.fromisoformat(text)
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return at if EARLIEST <= at <= now + AHEAD_MOST else None


def text(at: datetime) -> str:
    """Return a UTC moment as OCPP-J 1.6 shows it, to the millisecond."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
