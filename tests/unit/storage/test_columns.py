"""Moments are stored exactly, and only where they are unmistakable."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import Dialect
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.dialects.sqlite.base import SQLiteDialect

from irve_bridge.storage.columns import UTCDateTime

MOMENT = datetime(2026, 10, 25, 0, 30, 0, 1, tzinfo=UTC)
DIALECTS = pytest.mark.parametrize("dialect", [SQLiteDialect(), PGDialect()])  # type: ignore[no-untyped-call]


@DIALECTS
@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=2)), timezone(-timedelta(hours=9))])
def test_a_moment_comes_back_in_utc(dialect: Dialect, zone: timezone) -> None:
    column = UTCDateTime()
    stored = column.process_bind_param(MOMENT.astimezone(zone), dialect)
    returned = column.process_result_value(stored, dialect)
    assert returned == MOMENT
    assert returned.tzinfo is UTC


@DIALECTS
def test_a_naive_moment_is_refused(dialect: Dialect) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        UTCDateTime().process_bind_param(MOMENT.replace(tzinfo=None), dialect)
