"""What a span of days brought in is read from indexes alone, whatever was before and after it."""

from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import create_engine, event

from irve_bridge.storage.exports import SqlExports
from irve_bridge.storage.migrate import migrate
from irve_bridge.storage.tallies import SqlTallies

NOW = datetime(2026, 5, 4, tzinfo=UTC)


def test_days_are_added_up_and_listed_by_their_indexes(tmp_path: Path) -> None:
    url, asked = f"sqlite:///{tmp_path}/bridge.db", list[tuple[str, object]]()
    migrate(url)
    engine = create_engine(url)
    event.listen(
        engine, "before_cursor_execute", lambda _c, _cur, sql, given, *_: asked.append((sql, given))
    )
    with engine.connect() as connection:
        tallies, exports = SqlTallies(connection), SqlExports(connection)
        tallies.takings(NOW, NOW)
        tallies.takings(NOW, NOW, "CP1")
        tallies.takings_by_station(NOW, NOW, 10)
        sums = len(asked)
        exports.sessions_ended((NOW, ""), NOW, 10)
        exports.movements((NOW, 0), NOW, 10)
        exports.cdrs((NOW, ""), NOW, 10)
        plans = [
            [
                step.detail
                for step in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", given)
                if step.detail.startswith(("SEARCH", "SCAN")) and "rows" not in step.detail
            ]
            for sql, given in tuple(asked)
        ]
    engine.dispose()
    assert plans[:sums] == 3 * [
        [
            "SEARCH movements USING COVERING INDEX ix_movements_day (at>? AND at<?)",
            "SEARCH receipts USING COVERING INDEX ix_receipts_day (issued_at>? AND issued_at<?)",
            "SEARCH sessions USING COVERING INDEX ix_sessions_ended (ended_at>? AND ended_at<?)",
        ]
    ]
    used = [plan.split("(")[0].strip() for listed in plans[sums:] for plan in listed]
    assert used == [
        "SEARCH sessions USING INDEX ix_sessions_ended",
        "SEARCH movements USING INDEX ix_movements_day",
        "SEARCH cdrs USING INDEX ix_cdrs_created",
    ]
