"""The worked examples of the OCPI 2.2.1 text come to what the text says."""

import json
from pathlib import Path

import pytest

from tests.conformance.contradictions import CONTRADICTIONS
from tests.conformance.tariffs import judge, main

EXAMPLES = Path(__file__).parent / "ocpi_2_2_1"


@pytest.mark.parametrize("path", sorted(EXAMPLES.rglob("cdr*.json")), ids=lambda p: p.parent.name)
def test_an_example_of_the_text_costs_what_it_says(path: Path) -> None:
    good, line = judge(path, EXAMPLES)
    assert good, line


def test_a_case_that_is_listed_as_contradicting_is_told_with_the_reason() -> None:
    path = EXAMPLES / "complex" / "cdr_saturday_afternoon.json"
    _, line = judge(path, EXAMPLES)
    assert CONTRADICTIONS["complex/cdr_saturday_afternoon.json"].reason in line


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("total_cost", {"excl_vat": 7.0, "incl_vat": 7.91}),
        ("total_parking_cost", {"excl_vat": 1.51, "incl_vat": 1.8}),
        ("total_energy", 20.1),
        ("total_parking_time", 0.7),
    ],
)
def test_a_figure_that_is_wrong_fails_its_case(
    field: str, wrong: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    example = EXAMPLES / "025kwh_parking_start"
    cdr = json.loads((example / "cdr_40_minutes_parked.json").read_text())
    (tmp_path / "tariff.json").write_text((example / "tariff.json").read_text())
    (tmp_path / "cdr_right.json").write_text(json.dumps(cdr))
    (tmp_path / "cdr_wrong.json").write_text(json.dumps(cdr | {field: wrong}))
    assert main([str(tmp_path)]) == 1
    *lines, summary = capsys.readouterr().out.splitlines()
    assert [line[:20] for line in lines] == ["pass  cdr_right.json", "FAIL  cdr_wrong.json"]
    assert field in lines[1]
    assert summary == "1 passed, 1 failed"


def test_a_case_that_cannot_be_read_fails_and_the_others_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "cdr1.json").write_text("{")
    (tmp_path / "cdr2.json").write_text(json.dumps({"tariffs": [], "charging_periods": []}))
    assert main([str(tmp_path)]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "0 passed, 2 failed"


def test_a_folder_without_cases_is_no_success(tmp_path: Path) -> None:
    assert main([str(tmp_path)]) == 1
    assert main([]) == 2
