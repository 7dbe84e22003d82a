"""The demo harms nothing of its user's, and its check trusts the card and the meter alone."""

from pathlib import Path
from typing import Any

import pytest

from simulators.demo import FolderRefused, main, make_place
from simulators.driver import faults, owed_minor


def moved(charged: int = 0, refunded: int = 0, released: int = 0, held: int = 0) -> dict[str, int]:
    return {
        "charged_minor": charged,
        "refunded_minor": refunded,
        "released_minor": released,
        "held_minor": held,
    }


def row(plan: str, cost_minor: int, card: dict[str, int]) -> dict[str, Any]:
    told = {"energy_wh": 4_000, "status": "settled", "callbacks": ["payment_succeeded"]}
    return {"plan": plan, "expected_minor": owed_minor(plan, cost_minor, card), **card, **told}


@pytest.mark.parametrize(
    ("plan", "cost_minor", "card"),
    [
        ("fixed", 300, moved(charged=1_000, refunded=700)),
        ("fixed", 1_003, moved(charged=1_000)),
        ("estimated", 300, moved(charged=300, released=200)),
        ("estimated", 503, moved(charged=500)),
        ("dynamic", 300, moved(charged=300)),
    ],
)
def test_who_paid_what_the_meter_says_is_no_fault(
    plan: str, cost_minor: int, card: dict[str, int]
) -> None:
    """Never above what was secured, which is what the ledger took or held at first."""
    assert faults(row(plan, cost_minor, card)) == []


@pytest.mark.parametrize(
    ("plan", "cost_minor", "card"),
    [
        ("fixed", 300, moved(charged=1_000, refunded=600)),
        ("fixed", 300, moved(charged=1_000)),
        ("estimated", 300, moved(charged=400, refunded=100, released=100)),
        ("estimated", 300, moved(charged=300, held=200)),
        ("estimated", 300, moved(released=500)),
        ("dynamic", 300, moved(charged=200)),
        ("dynamic", 300, moved(charged=400)),
        ("dynamic", 300, moved()),
    ],
)
def test_any_other_movement_is_a_fault(plan: str, cost_minor: int, card: dict[str, int]) -> None:
    """Whatever the bridge believes was secured: too little charged is a difference too."""
    assert faults(row(plan, cost_minor, card))


def test_a_folder_of_its_own_is_emptied(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    make_place(folder, 1.0)
    (folder / "demo.db").touch()
    make_place(folder, 1.0)
    assert not (folder / "demo.db").exists()


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    make_place(tmp_path, 1.0)
    assert make_place(tmp_path, 1.0).folder == tmp_path


@pytest.mark.parametrize("name", [".", "thesis.tex"])
def test_what_a_demo_did_not_make_is_left_alone(tmp_path: Path, name: str) -> None:
    """A folder with something in it, or no folder at all."""
    thesis = tmp_path / "thesis.tex"
    thesis.write_text("years", encoding="utf-8")
    with pytest.raises(FolderRefused, match="not made by a demo"):
        make_place(tmp_path / name, 1.0)
    assert main(["--auto", "--data", str(tmp_path / name)]) == 1
    assert thesis.read_text(encoding="utf-8") == "years"
