"""The line of JSON says what was broken, and how often."""

from tests.chaos.audit import Kind, Violation
from tests.chaos.evidence import Booked, Evidence
from tests.chaos.report import Result

SESSION = Booked(
    id="ses_1",
    plan="fixed",
    metered_by="bridge",
    state="review",
    id_tag="ABC",
    transaction_id=None,
    decided_minor=None,
    paid_minor=0,
    callbacks=0,
)


def result(*violations: Violation) -> Result:
    found = Evidence(sessions=[SESSION], ceiling_minor=600)
    return Result(kills=3, seed=7, seconds=1.5, evidence=found, violations=violations)


def test_nothing_broken_is_zero_of_each_kind() -> None:
    figures = result().figures
    assert {figures[kind] for kind in Kind} == {0}
    assert (figures["kills"], figures["sessions"], figures["review"]) == (3, 1, 1)
    assert figures["settled"] == 0


def test_a_session_wrong_in_two_ways_is_one_wrong_session() -> None:
    """Every sentence is told all the same, and who waits for a person is named."""
    broken = result(
        Violation(Kind.WRONG, "ses_1", "paid too much"),
        Violation(Kind.WRONG, "ses_1", "its books differ"),
        Violation(Kind.LOST, "ses_1", "never ended"),
    )
    assert (broken.figures["wrong"], broken.figures["lost"]) == (1, 1)
    assert len(broken.sentences) == 4
    assert "ses_1" in broken.sentences[-1]
