"""What is installed is what was locked: by hash, for everything that pyproject.toml asks for."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[3]
LOCKS = {"run.txt": (), "test.txt": ("test",), "otel.txt": ("otel",)}
every_lock = pytest.mark.parametrize("name", LOCKS)


def entries(name: str) -> dict[str, tuple[str, int]]:
    """Return each locked package's version, and of how many files the hash is named."""
    text = (ROOT / "requirements" / name).read_text("utf-8").replace("\\\n", " ")
    found = {}
    for line in text.splitlines():
        locked = re.match(r"([\w.-]+)==(\S+)", line)
        assert locked is not None, line
        hashes = re.findall(r"--hash=sha256:[0-9a-f]{64}(?!\w)", line)
        found[canonicalize_name(locked[1])] = (locked[2], len(hashes))
    return found


def asked_for(extras: tuple[str, ...]) -> list[Requirement]:
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    lines = list(project["dependencies"])
    for extra in extras:
        lines += project["optional-dependencies"][extra]
    return [Requirement(line) for line in lines]


def test_every_extra_has_a_lock() -> None:
    files = {file.name for file in (ROOT / "requirements").glob("*.txt")}
    assert files == set(LOCKS)


@every_lock
def test_a_lock_names_the_hash_of_every_package(name: str) -> None:
    assert [package for package, (_, hashes) in entries(name).items() if not hashes] == []


@every_lock
def test_a_lock_holds_what_is_asked_for_within_its_bounds(name: str) -> None:
    """`make lock` was run after the last change of pyproject.toml."""
    locked = entries(name)
    outside = [
        str(each)
        for each in asked_for(LOCKS[name])
        if (package := canonicalize_name(each.name)) not in locked
        or not each.specifier.contains(locked[package][0], prereleases=True)
    ]
    assert outside == []


@every_lock
def test_a_lock_names_no_place_to_install_from(name: str) -> None:
    text = (ROOT / "requirements" / name).read_text("utf-8")
    assert not re.search(r"https?://|--(extra-)?index-url|--find-links|file:", text)


def test_what_the_bridge_runs_on_is_locked_alike_everywhere() -> None:
    """Or tests would prove something about other versions than those that are installed."""
    running = {package: version for package, (version, _) in entries("run.txt").items()}
    for name in LOCKS:
        there = {package: version for package, (version, _) in entries(name).items()}
        assert {p: there.get(p) for p in running} == running


def test_the_lock_of_node_s_packages_names_their_hashes() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text("utf-8"))
    wanted = json.loads((ROOT / "package.json").read_text("utf-8"))
    packages = {path: each for path, each in lock["packages"].items() if path}
    # What another one bundles is in that one's file.
    fetched = {path: each for path, each in packages.items() if not each.get("inBundle")}
    assert [path for path, each in fetched.items() if not each.get("integrity")] == []
    for kind in ("dependencies", "devDependencies"):
        assert lock["packages"][""].get(kind, {}) == wanted.get(kind, {})
