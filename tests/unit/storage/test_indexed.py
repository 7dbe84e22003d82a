"""What operators' pages ask for walks an index, however many rows there are."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, event

from irve_bridge.service.ports import Sought
from irve_bridge.storage.tx import SqlTx

AT = datetime(2026, 5, 4, tzinfo=UTC)
CASES = {
    "all": lambda tx: tx.searches.sessions(Sought(), 50),
    "state": lambda tx: tx.searches.sessions(Sought(states=("review",)), 50),
    "states": lambda tx: tx.searches.sessions(Sought(states=("charging", "stopping")), 50),
    "further": lambda tx: tx.searches.sessions(Sought(before=(AT, "ses_1")), 50),
    "station": lambda tx: tx.searches.sessions(Sought(charge_point_id="CP1"), 50),
    "day": lambda tx: tx.searches.sessions(Sought(since=AT, until=AT), 50),
    "named": lambda tx: tx.searches.named("77", 50),
    "intents": lambda tx: tx.searches.intents("ses_1", 50),
    "attempts": lambda tx: tx.searches.attempts("ses_1", 50),
    "waiting": lambda tx: tx.searches.waiting("csms", 5),
    "given_up": lambda tx: tx.searches.given_up("callback", 5),
    "tallies": lambda tx: tx.tallies.sessions(),
    "fleet": lambda tx: tx.tallies.fleet(),
    "moved": lambda tx: tx.tallies.moved(AT, AT),
    "offline": lambda tx: tx.listings.charge_points(5, online=False),
    "faulted": lambda tx: tx.listings.faulted(5),
    "login": lambda tx: tx.accounts.login("digest"),
}
_OFFLINE = "SCAN charge_points USING INDEX ix_charge_points_offline"
_FAULTED = "SCAN connectors USING INDEX ix_connectors_faulted"
WHOLE = {
    "all": ("SCAN sessions USING INDEX ix_sessions_opened_at",),
    "faulted": (_FAULTED,),
    "fleet": (
        "SCAN charge_points USING COVERING INDEX sqlite_autoindex_charge_points_1",
        _OFFLINE,
        _FAULTED,
    ),
}


@pytest.fixture
def connection(sqlite_url: str) -> Iterator[Connection]:
    engine = create_engine(sqlite_url)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.mark.parametrize("name", CASES)
def test_an_index_is_walked_and_never_a_table(connection: Connection, name: str) -> None:
    """Of SQLite's plans; PostgreSQL has the same indexes, and decides by what is there.

    A `SCAN` walks the whole of an index: only the newest of all are listed by one, only who is
    offline or out of order stands in one, and to count all charge points one is counted.
    """
    asked: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        asked.append((statement, parameters))

    event.listen(connection, "before_cursor_execute", note)
    CASES[name](SqlTx(connection))
    event.remove(connection, "before_cursor_execute", note)
    assert asked
    for statement, parameters in asked:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
        steps = [row[3] for row in plan]
        scans = {step for step in steps if step.startswith("SCAN")}
        assert scans <= {"SCAN CONSTANT ROW", *WHOLE.get(name, ())}, steps
