"""How long properties are tried, and the databases of tests.

HYPOTHESIS_PROFILE=long is that of `make check-full`.
"""

import logging
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import settings

from irve_bridge.storage.migrate import migrate
from tests import postgres, sqlite

settings.register_profile("quick", deadline=None)
settings.register_profile("long", deadline=None, max_examples=3000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


@pytest.fixture
def logging_restored() -> Iterator[None]:
    """What runs here as a command does sends logs elsewhere: not for longer than the test."""
    root, level = list(logging.root.handlers), logging.root.level
    yield
    for handler in logging.root.handlers:
        handler.close()
    logging.root.handlers[:] = root
    logging.root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return sqlite.made(tmp_path / "bridge.db")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """One server for all workers of a run."""
    with postgres.server(os.environ.get("PYTEST_XDIST_TESTRUNUID") or secrets.token_hex(8)) as url:
        yield url


@pytest.fixture(scope="session")
def postgres_database(postgres_server: str) -> Iterator[str]:
    """A database with its schema: quicker to empty after each test than to make anew."""
    with postgres.database(postgres_server) as url:
        migrate(url)
        yield url


@pytest.fixture
def postgres_url(postgres_database: str) -> Iterator[str]:
    yield postgres_database
    postgres.empty(postgres_database)
