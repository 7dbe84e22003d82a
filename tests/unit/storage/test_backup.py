"""A copy is whole or is not there, and only a bridge's database is put back."""

import sqlite3
import stat
import threading
from contextlib import closing
from pathlib import Path

import pytest

from irve_bridge.storage.alone import AlreadyServed, alone
from irve_bridge.storage.backup import BackupRefused, back_up, put_back


def path(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


def names(file: Path) -> list[str]:
    with closing(sqlite3.connect(file)) as database:
        return [name for (name,) in database.execute("SELECT id FROM charge_points ORDER BY id")]


def register(url: str, name: str) -> None:
    with closing(sqlite3.connect(path(url))) as database, database:
        columns = database.execute("PRAGMA table_info(charge_points)").fetchall()
        values = {c[1]: ("" if "CHAR" in c[2] or c[2] == "TEXT" else 0) for c in columns if c[3]}
        values["id"] = name
        marks = ", ".join("?" * len(values))
        words = f"INSERT INTO charge_points ({', '.join(values)}) VALUES ({marks})"
        database.execute(words, list(values.values()))


def test_a_copy_is_one_file_for_its_owner_alone_and_can_be_put_back(
    sqlite_url: str, tmp_path: Path
) -> None:
    register(sqlite_url, "BEFORE")
    copy = tmp_path / "copy.db"
    assert back_up(sqlite_url, copy) == copy.stat().st_size > 0
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600, "it holds e-mail addresses"
    register(sqlite_url, "AFTER")
    assert names(copy) == ["BEFORE"]
    put_back(sqlite_url, copy)
    assert names(path(sqlite_url)) == ["BEFORE"]
    assert sorted(each.name for each in tmp_path.iterdir() if "copy" in each.name) == ["copy.db"]


def test_a_copy_made_while_others_write_is_of_one_instant(sqlite_url: str, tmp_path: Path) -> None:
    """Each unit of work writes two rows: a copy has both of them or none."""
    with closing(sqlite3.connect(path(sqlite_url))) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("CREATE TABLE pairs (n INTEGER)")
    done = threading.Event()

    def write() -> None:
        with closing(sqlite3.connect(path(sqlite_url))) as database:
            n = 0
            while not done.is_set():
                with database:
                    database.executemany("INSERT INTO pairs VALUES (?)", [(n,), (n,)])
                n += 1

    writing = threading.Thread(target=write)
    writing.start()
    try:
        for number in range(5):
            copy = tmp_path / f"copy-{number}.db"
            back_up(sqlite_url, copy)
            with closing(sqlite3.connect(copy)) as database:
                (rows,) = database.execute("SELECT count(*) FROM pairs").fetchone()
            assert rows % 2 == 0
    finally:
        done.set()
        writing.join()


def test_nothing_is_overwritten(sqlite_url: str, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    copy.write_text("the copy of yesterday")
    with pytest.raises(BackupRefused, match=r"copy\.db is there already"):
        back_up(sqlite_url, copy)
    assert copy.read_text() == "the copy of yesterday"


def test_of_no_database_there_is_no_copy(tmp_path: Path) -> None:
    with pytest.raises(BackupRefused, match="no database"):
        back_up(f"sqlite:///{tmp_path}/none.db", tmp_path / "copy.db")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"nonsense" * 1000])
def test_what_is_no_copy_is_not_put_back(sqlite_url: str, tmp_path: Path, content: bytes) -> None:
    register(sqlite_url, "KEPT")
    other = tmp_path / "other.db"
    other.write_bytes(content)
    with pytest.raises(BackupRefused, match=r"other\.db is no copy of a bridge's database"):
        put_back(sqlite_url, other)
    with pytest.raises(BackupRefused, match="no copy"):
        put_back(sqlite_url, tmp_path / "nowhere.db")
    assert names(path(sqlite_url)) == ["KEPT"]


def test_nothing_is_put_back_under_a_running_bridge(sqlite_url: str, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    back_up(sqlite_url, copy)
    with alone(sqlite_url), pytest.raises(AlreadyServed):
        put_back(sqlite_url, copy)


def test_postgresql_has_tools_of_its_own(tmp_path: Path) -> None:
    url = "postgresql://irve:secret@localhost/irve"
    with pytest.raises(BackupRefused, match="pg_dump"):
        back_up(url, tmp_path / "copy.db")
    with pytest.raises(BackupRefused, match="pg_restore"):
        put_back(url, tmp_path / "copy.db")
