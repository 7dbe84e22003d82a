"""How long properties are tried, and the databases of tests.

HYPOTHESIS_PROFILE=long is that of `make check-full`.
"""

import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from irve_bridge.storage.migrate import migrate
from tests import postgres

settings.register_profile("quick", deadline=None)
settings.register_profile("long", deadline=None, max_examples=3000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


@pytest.fixture(scope="session")
def sqlite_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with nothing in it but its schema: quicker to copy than to migrate."""
    path = tmp_path_factory.mktemp("storage") / "empty.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_url(sqlite_file: Path, tmp_path: Path) -> str:
    return f"sqlite:///{shutil.copy(sqlite_file, tmp_path / 'bridge.db')}"


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
