"""A database of an older release is brought up to date with what its rows say already."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, text

import irve_bridge.storage
from irve_bridge.storage.migrate import migrate
from irve_bridge.storage.sqlite import writing, writing_engine

MIGRATIONS = Path(irve_bridge.storage.__file__).parent / "migrations"
AT = "2026-03-01 12:00:00.000000"
LONG_AGO = "2025-03-01 12:00:00.000000"
TOLD = '{"email": "driver@example.org"}'
MONEY = "(session_id, kind, amount_minor, currency, provider, account, provider_id, at)"


def begin(url: str, revision: str) -> None:
    """Make a database as an older release left it."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    engine = writing_engine(url)
    with writing(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()


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
    names = ", ".join(row)
    connection.execute(
        text(f"INSERT INTO intents ({names}) VALUES (:{', :'.join(row)})"),  # ours
        row,
    )


def hear(connection: Connection, key: str, kind: str, of: str | None) -> None:
    insert = (
        "INSERT INTO inbox (key, kind, session_id, at, fact) VALUES (:key, :kind, :of, :at, :told)"
    )
    connection.execute(text(insert), {"key": key, "kind": kind, "of": of, "at": AT, "told": TOLD})


@pytest.fixture
def updated(tmp_path: Path) -> Iterator[Connection]:
    """A database of the first schema with data, migrated."""
    url = f"sqlite:///{tmp_path}/bridge.db"
    begin(url, "0001")
    engine = create_engine(url)
    with engine.begin() as connection:
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
    migrate(url)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def column(connection: Connection, name: str) -> dict[str, Any]:
    rows = connection.execute(text(f"SELECT id, {name} FROM sessions"))  # ours
    return {row[0]: row[1] for row in rows}


def moment(at: str) -> datetime:
    return datetime.fromisoformat(at).replace(tzinfo=UTC)


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


def test_what_is_due_is_due_since_the_charge_failed(updated: Connection) -> None:
    assert column(updated, "due_since")["due"] == AT


def test_terms_that_are_new_hold_for_older_sessions_too(updated: Connection) -> None:
    """Debts, and the ends of holds and of charges: the sweep looks at them at once."""
    deadlines = column(updated, "deadline_at")
    assert {name for name, at in deadlines.items() if at == AT} == {
        "held",
        "held, end unknown",
        "due",
        "kept",
    }
    assert deadlines["open"].startswith("2027")


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


def test_who_had_a_password_must_show_it_still(tmp_path: Path) -> None:
    """A password was asked for wherever there was one; that is security profile 1."""
    url = f"sqlite:///{tmp_path / 'older.db'}"
    begin(url, "0002")
    engine = create_engine(url)
    with engine.begin() as connection:
        for name, password_hash in (("CP1", "'scrypt$'"), ("CP2", "NULL")):
            connection.execute(
                text(
                    "INSERT INTO charge_points (id, name, operator_name, operator_phone, address,"
                    " time_zone, account, status, password_hash)"
                    f" VALUES ('{name}', '', '', '', '', '', '', 'Unknown', {password_hash})"
                )
            )
    migrate(url)
    with engine.begin() as connection:
        rows = connection.execute(text("SELECT id, security_profile FROM charge_points"))
        assert dict(rows.all()) == {"CP1": 1, "CP2": 0}
    engine.dispose()
