"""The migrations lead to the tables the statements are written for."""

import asyncio
import os
import sys
from dataclasses import fields, is_dataclass
from pathlib import Path

import msgspec
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Table, create_engine, text

from irve_bridge.domain.charge_point import ChargePoint, Connector
from irve_bridge.domain.configuration import ConfigurationKey
from irve_bridge.domain.metering import Reading
from irve_bridge.domain.session import Session
from irve_bridge.domain.transaction import Transaction
from irve_bridge.service.ports import Movement
from irve_bridge.storage import schema
from irve_bridge.storage.migrate import migrate
from irve_bridge.storage.urls import parsed


@pytest.mark.parametrize("kind", ["sqlite_url", "postgres_url"])
def test_the_migrated_schema_is_the_schema(kind: str, request: pytest.FixtureRequest) -> None:
    engine = create_engine(parsed(request.getfixturevalue(kind)))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        differences = compare_metadata(context, schema.metadata)
    engine.dispose()
    assert differences == []


def test_postgresql_compares_texts_and_holds_numbers_as_sqlite_does(postgres_url: str) -> None:
    """By code point, whatever the server's locale; 64 bits: nothing is lost in moving."""
    odd = text(
        "SELECT table_name, column_name FROM information_schema.columns"
        " WHERE table_schema = 'public' AND table_name <> 'alembic_version'"
        " AND (data_type = 'integer' OR data_type = 'text' AND collation_name IS DISTINCT FROM 'C')"
    )
    engine = create_engine(parsed(postgres_url))
    with engine.connect() as connection:
        assert connection.execute(odd).all() == []
    engine.dispose()


def test_migrating_again_changes_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/bridge.db"
    migrate(url)
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO counters VALUES ('kept', 7)"))
    migrate(url)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT value FROM counters")) == 7
    engine.dispose()


async def test_two_processes_may_start_at_once(tmp_path: Path) -> None:
    script = "import sys; from irve_bridge.storage.migrate import migrate; migrate(sys.argv[1])"
    arguments = (sys.executable, "-c", script, f"sqlite:///{tmp_path}/bridge.db")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    both = [await asyncio.create_subprocess_exec(*arguments, env=environment) for _ in range(2)]
    assert [await process.wait() for process in both] == [0, 0]


@pytest.mark.parametrize(
    ("kind", "table"),
    [
        (ChargePoint, schema.charge_points),
        (Connector, schema.connectors),
        (Session, schema.sessions),
        (Transaction, schema.transactions),
        (Reading, schema.readings),
        (Movement, schema.movements),
        (ConfigurationKey, schema.configuration),
    ],
)
def test_every_field_has_its_column(kind: type, table: Table) -> None:
    named = fields(kind) if is_dataclass(kind) else msgspec.structs.fields(kind)
    assert {field.name for field in named} <= set(table.columns.keys())
