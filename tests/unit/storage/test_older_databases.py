"""A database of an older release is brought up to date with what its rows say already."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    DateTime,
    LargeBinary,
    MetaData,
    create_engine,
    func,
    insert,
    inspect,
    select,
    text,
)

from irve_bridge.domain.intents import Lane
from irve_bridge.service.ports import Tx
from irve_bridge.storage import open_storage
from irve_bridge.storage.migrate import migrate
from irve_bridge.storage.postgres import engine as postgres_engine
from irve_bridge.storage.urls import is_file, parsed
from tests import postgres

DUMPS = Path(__file__).parents[2] / "data" / "databases"
NUMBERED = "transaction_ids"
LONG_BEFORE, LONG_AFTER = datetime(2020, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)
AT = "2026-03-01 12:00:00.000000"
LONG_AGO = "2025-03-01 12:00:00.000000"
TOLD = '{"email": "driver@example.org"}'
MONEY = "(session_id, kind, amount_minor, currency, provider, account, provider_id, at)"


def add_session(connection: Connection, name: str, state: str, **values: Any) -> None:
    """Write a session with the first schema's columns."""
    row = {
        "id": name, "token": f"t-{name}", "plan": "fixed", "metered_by": "bridge", "state": state,
        "version": 3, "charge_point_id": "CP1", "connector_number": 1, "id_tag": name,
        "locale": "fr", "tariff": "{}", "currency": "EUR", "amount_minor": 3000,
        "least_minor": 50, "opened_at": AT, "provider": "stripe", "account": "",
        "payment_intent_id": f"pi_{name}", "delivery": "none", "callback_sequence": 0,
    } | values  # fmt: skip
    names = ", ".join(row)
    connection.execute(
        text(f"INSERT INTO sessions ({names}) VALUES (:{', :'.join(row)})"),  # ours
        row,
    )


def move(connection: Connection, of: str, kind: str, amount_minor: int, named: str) -> None:
    values = {"of": of, "kind": kind, "amount": amount_minor, "named": named, "at": AT}
    insert = f"INSERT INTO movements {MONEY} VALUES (:of, :kind, :amount, 'EUR', 'stripe', '', :named, :at)"  # noqa: E501
    connection.execute(text(insert), values)


def intend(
    connection: Connection,
    of: str,
    kind: str,
    ended_at: str | None = None,
    *,
    status: str = "",
    note: str | None = None,
) -> None:
    """Write an intent that waits, or ended, in the one lane there was for calls to the provider."""
    row = {
        "session_id": of, "lane": "money", "do": "", "kind": kind, "parameters": "{}",
        "created_at": AT, "not_before": AT, "tries": 0, "status": status, "note": note,
        "ended_at": ended_at,
    }  # fmt: skip
    names = ", ".join(f'"{name}"' for name in row)
    connection.execute(
        text(f"INSERT INTO intents ({names}) VALUES (:{', :'.join(row)})"),  # ours
        row,
    )


def hear(connection: Connection, key: str, kind: str, of: str | None) -> None:
    insert = (
        "INSERT INTO inbox (key, kind, session_id, at, fact) VALUES (:key, :kind, :of, :at, :told)"
    )
    connection.execute(text(insert), {"key": key, "kind": kind, "of": of, "at": AT, "told": TOLD})


@contextmanager
def empty(kind: str, folder: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """Give the URL of a database with nothing in it."""
    if kind == "sqlite":
        yield f"sqlite:///{folder}/older.db"
    else:
        with postgres.database(request.getfixturevalue("postgres_server")) as url:
            yield url


@contextmanager
def opened(url: str) -> Iterator[Connection]:
    """Connect as the bridge does, and commit at the end."""
    engine = create_engine(url) if is_file(url) else postgres_engine(parsed(url), 1)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def updated(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Connection]:
    """A database of the first schema with data, migrated."""
    with empty(request.param, tmp_path_factory.mktemp("older"), request) as url:
        migrate(url, "0001")
        with opened(url) as connection:
            _fill(connection)
        migrate(url)
        with opened(url) as connection:
            yield connection


def _fill(connection: Connection) -> None:
    add_session(connection, "fixed", "settled", ended_at=AT)
    move(connection, "fixed", "charge", 3000, "pi_fixed")
    move(connection, "fixed", "refund", 1800, "re_fixed")
    add_session(connection, "held", "charging", plan="estimated", capture_before=AT)
    move(connection, "held", "hold", 3000, "pi_held")
    add_session(connection, "held, end unknown", "review", plan="estimated")
    add_session(connection, "taken", "released", plan="estimated", ended_at=AT)
    move(connection, "taken", "hold", 3000, "pi_taken")
    move(connection, "taken", "release", 3000, "pi_taken")
    add_session(connection, "ancient", "abandoned", opened_at=LONG_AGO)
    add_session(connection, "due", "due", plan="dynamic", ended_at=AT)
    add_session(connection, "kept", "charging", plan="dynamic")
    add_session(connection, "open", "open", deadline_at="2027-01-01 00:00:00.000000")
    intend(connection, "kept", "forget_card", ended_at=AT)
    intend(connection, "kept", "forget_card")
    intend(connection, "held", "capture")
    for note in ("the CSMS answered 410", "the CSMS answered 500"):
        intend(connection, "held", "callback", AT, status="failed", note=note)
    hear(connection, "evt_1", "ProviderSpoke", None)
    hear(connection, "evt_2", "ProviderSpoke", "fixed")
    hear(connection, "boot", "MessageUnreadable", None)


def column(connection: Connection, name: str) -> dict[str, Any]:
    rows = connection.execute(text(f"SELECT id, {name} FROM sessions"))  # ours
    return {row[0]: row[1] for row in rows}


def moment(at: str | datetime) -> datetime:
    """Return what a column says: SQLite's are texts."""
    found = at if isinstance(at, datetime) else datetime.fromisoformat(at)
    return found.replace(tzinfo=UTC)


def test_what_was_paid_is_filled_in_from_the_movements(updated: Connection) -> None:
    paid = column(updated, "paid_minor")
    assert paid == dict.fromkeys(paid, 0) | {"fixed": 1200}


def test_every_movement_knows_its_payment(updated: Connection) -> None:
    rows = updated.execute(text("SELECT provider_id, payment_id FROM movements")).all()
    assert {tuple(row) for row in rows} == {
        ("pi_fixed", "pi_fixed"),
        ("re_fixed", "pi_fixed"),
        ("pi_held", "pi_held"),
        ("pi_taken", "pi_taken"),
    }


def test_every_movement_knows_its_station(updated: Connection) -> None:
    assert set(updated.scalars(text("SELECT charge_point_id FROM movements"))) == {"CP1"}


def test_what_is_due_is_due_since_the_charge_failed(updated: Connection) -> None:
    assert moment(column(updated, "due_since")["due"]) == moment(AT)


def test_terms_that_are_new_hold_for_older_sessions_too(updated: Connection) -> None:
    """Debts, and the ends of holds and of charges: the sweep looks at them at once."""
    deadlines = column(updated, "deadline_at")
    assert {name for name, at in deadlines.items() if at and moment(at) == moment(AT)} == {
        "held",
        "held, end unknown",
        "due",
        "kept",
    }
    assert moment(deadlines["open"]).year == 2027


def test_what_is_over_is_looked_at_one_after_the_other(updated: Connection) -> None:
    """The oldest first, none before what is waited for: there may be tens of thousands."""
    at = {name: moment(each) for name, each in column(updated, "deadline_at").items() if each}
    over = [at["taken"], at["fixed"], at["ancient"]]
    second = timedelta(seconds=1)
    assert [one - other for one, other in pairwise(over)] == [second, second]
    assert datetime.now(UTC) - 60 * second < at["ancient"] < datetime.now(UTC) + 60 * second


def test_what_is_to_be_forgotten_no_longer_stands_before_money(updated: Connection) -> None:
    """What was forgotten already is left as it was."""
    money = "SELECT kind, lane FROM intents WHERE kind <> 'callback' ORDER BY id"
    lanes = updated.execute(text(money)).all()
    assert [tuple(row) for row in lanes] == [
        ("forget_card", "money"),
        ("forget_card", "afterwards"),
        ("capture", "money"),
    ]


def test_a_callback_refused_for_good_is_told_apart_from_one_to_be_sent_again(
    updated: Connection,
) -> None:
    callbacks = "SELECT note, status FROM intents WHERE kind = 'callback'"
    assert dict(tuple(row) for row in updated.execute(text(callbacks))) == {
        "the CSMS answered 410": "refused",
        "the CSMS answered 500": "failed",
    }


def test_what_webhooks_of_nobody_told_is_forgotten(updated: Connection) -> None:
    """They are known for good, and what of a session they told goes with its term."""
    heard = updated.execute(text("SELECT key, fact FROM inbox")).all()
    assert dict(tuple(row) for row in heard) == {"evt_1": "{}", "evt_2": TOLD, "boot": TOLD}


@pytest.mark.parametrize("version", [path.stem for path in sorted(DUMPS.iterdir())])
@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_what_an_older_release_left_is_all_there_and_goes_on(
    tmp_path: Path, request: pytest.FixtureRequest, kind: str, version: str
) -> None:
    """A charge that is over, one that runs and one to be paid for, as each release kept them."""
    dump = json.loads((DUMPS / f"{version}.json").read_text(encoding="utf-8"))
    with empty(kind, tmp_path, request) as url:
        migrate(url, version)
        with opened(url) as connection:
            _load(connection, dump)
        assert migrate(url).before == version
        async with open_storage(url) as storage:
            await storage.transact(lambda tx: _go_on(tx, dump))
        with opened(url) as connection:
            counts = {name: _count(connection, name) for name in dump}
        # One transaction was begun, which counts up, and nothing else was written.
        assert counts == {name: len(rows) for name, rows in dump.items()} | {
            "transactions": len(dump["transactions"]) + 1
        }


def _load(connection: Connection, dump: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    """Insert a dump's rows: moments are texts in UTC there, and bytes hexadecimal.

    What numbers transactions on PostgreSQL has come as far.
    """
    tables = MetaData()
    tables.reflect(connection)
    for table in tables.sorted_tables:
        for row in dump.get(table.name, ()):
            connection.execute(insert(table), {k: _value(table.c[k], v) for k, v in row.items()})
    if connection.dialect.supports_sequences and inspect(connection).has_sequence(NUMBERED):
        latest = max(int(row["id"]) for row in dump["transactions"])
        connection.execute(select(func.setval(NUMBERED, latest)))


def _value(column: Column[Any], said: Any) -> Any:
    match column.type:
        case DateTime():
            return datetime.fromisoformat(said)
        case LargeBinary():
            return bytes.fromhex(said)
        case Boolean():
            return bool(said)
        case _:
            return said


def _go_on(tx: Tx, dump: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    """Read everything as the bridge does, and begin another transaction."""
    found = [tx.sessions.get(row["id"]) for row in dump["sessions"]]
    assert [session and session.state for session in found] == ["settled", "charging", "open"]
    for row in dump["sessions"]:
        session = tx.sessions.by_id_tag(row["charge_point_id"], row["id_tag"].swapcase())
        assert session is not None
        assert session.id == row["id"]
        assert tx.sessions.history(session.id)
        tx.cdrs.of_session(session.id)
    _own_customers(tx, dump)
    _charge_points(tx, dump)
    _operators(tx, dump)
    papers = [paper for row in dump["sessions"] for paper in tx.receipts.of_session(row["id"])]
    told = tx.tallies.takings_by_station(LONG_BEFORE, LONG_AFTER, 9)
    assert sum(tally.billed_minor for tally in told) == sum(p.signed_minor for p in papers)
    assert sum(tally.vat_minor for tally in told) == sum(p.signed_vat_minor for p in papers)
    assert {tally.charge_point_id for tally in told} == {found[0] and found[0].charge_point_id}
    (running,) = tx.transactions.running()
    assert tx.transactions.readings(running.charge_point_id, running.id)
    assert tx.stations.connectors(running.charge_point_id)
    (waiting,) = tx.intents.next_due(list(Lane), LONG_AFTER, 9)
    assert waiting.session in found
    for row in dump["transactions"]:
        tx.signatures.of(row["charge_point_id"], row["id"])
        number = tx.transactions.next_id()
        assert number > int(row["id"])
    tx.transactions.add(replace(running, id=str(number), stop_at=LONG_AFTER))


def _own_customers(tx: Tx, dump: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    """Their charges cost what they cost when they began, and are told by CDRs."""
    cdrs = 0
    for row in dump["transactions"]:
        transaction = tx.transactions.get(row["charge_point_id"], row["id"])
        assert transaction is not None
        assert (transaction.tariff is None) == ("tariff" not in row)
        cdrs += len(tx.cdrs.of_transaction(row["charge_point_id"], row["id"]))
    assert cdrs == len(dump.get("cdrs", ()))


def _charge_points(tx: Tx, dump: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    """What they lack, suffer and were asked, and by whom."""
    for row in dump["charge_points"]:
        charge_point = tx.stations.charge_point(row["id"])
        assert charge_point is not None
        assert charge_point.error_code == row.get("error_code")
    for row in dump.get("configuration", ()):
        key = tx.configuration.get(row["charge_point_id"], row["key"])
        assert key is not None
        assert list(key.missing) == json.loads(row.get("missing", "[]"))
    asked = [asked for row in dump["charge_points"] for asked in tx.commands.of(row["id"], 9)]
    given = {row["id"]: row.get("by", "") for row in dump.get("commands", ())}
    assert {each.id: each.by for each in asked} == given


def _operators(tx: Tx, dump: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    """Who signs in, and who is signed in."""
    accounts = dump.get("operator_accounts", ())
    assert [account.name for account in tx.accounts.all()] == [row["name"] for row in accounts]
    for row in dump.get("operator_logins", ()):
        login = tx.accounts.login(row["digest"])
        assert login is not None
        assert login.account == row["account"]


def _count(connection: Connection, table: str) -> Any:
    return connection.scalar(text(f"SELECT count(*) FROM {table}"))  # ours


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_who_had_a_password_must_show_it_still(
    tmp_path: Path, request: pytest.FixtureRequest, kind: str
) -> None:
    """A password was asked for wherever there was one; that is security profile 1."""
    with empty(kind, tmp_path, request) as url:
        migrate(url, "0002")
        with opened(url) as connection:
            for name, password_hash in (("CP1", "'scrypt$'"), ("CP2", "NULL")):
                connection.execute(
                    text(
                        "INSERT INTO charge_points (id, name, operator_name, operator_phone,"
                        " address, time_zone, account, status, password_hash)"
                        f" VALUES ('{name}', '', '', '', '', '', '', 'Unknown', {password_hash})"
                    )
                )
        migrate(url)
        with opened(url) as connection:
            rows = connection.execute(text("SELECT id, security_profile FROM charge_points"))
            assert dict(rows.all()) == {"CP1": 1, "CP2": 0}
