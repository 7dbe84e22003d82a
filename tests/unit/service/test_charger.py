"""What a start that may have arrived means, and until when one is sent at all."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from irve_bridge.bus.in_process import InProcessBus
from irve_bridge.clock import SharedClock
from irve_bridge.domain.facts import StartUnconfirmed
from irve_bridge.domain.intents import Do, Intent, Kind
from irve_bridge.domain.session import State
from irve_bridge.service.charger import ChargerHand
from irve_bridge.service.commands import BUSY, Answer, encode
from irve_bridge.service.policy import Policy
from irve_bridge.service.ports import Again, Attempt, Failed, Task
from tests.unit.domain.sessions import session

POLICY = Policy()


def start(*, secured_ago: timedelta, unknown: bool) -> Task:
    now = datetime.now(UTC)
    waiting = session(state=State.SECURED, secured_at=now - secured_ago, secured_minor=3000)
    request = {"connector_number": 1, "id_tag": waiting.id_tag}
    attempt = Attempt(number=1, key="k", request=request, started_at=now, unknown=unknown)
    intent = Intent(Do.START, Kind.REMOTE_START)
    return Task(
        intent_id=1, lease="l", subject="s-1",
            owner=waiting, intent=intent, attempt=attempt, created_at=now,
        tries=1,
    )  # fmt: skip


@pytest.mark.parametrize("secured_ago", [timedelta(), POLICY.start_within * 3])
async def test_an_interrupted_start_counts_as_one_that_may_have_arrived(
    secured_ago: timedelta,
) -> None:
    """Also when the bridge came back only after the deadline: nothing is released unproven."""
    hand = ChargerHand(InProcessBus(), SharedClock(), POLICY, 1)
    outcome = await hand.perform(start(secured_ago=secured_ago, unknown=True))
    assert isinstance(outcome, Again)
    assert [type(fact) for fact in outcome.facts] == [StartUnconfirmed]


async def test_a_start_that_was_not_sent_is_sent_later_and_has_not_arrived() -> None:
    bus = InProcessBus()

    async def full(_: bytes) -> bytes:
        return encode(Answer(error=BUSY))

    task = start(secured_ago=timedelta(), unknown=False)
    async with bus.serve(task.session.charge_point_id, full):
        outcome = await ChargerHand(bus, SharedClock(), POLICY, 1).perform(task)
    assert outcome == Again(reason="busy", known=True, after=POLICY.start_retry)


async def test_no_start_is_sent_after_the_deadline() -> None:
    hand = ChargerHand(InProcessBus(), SharedClock(), POLICY, 1)
    late = start(secured_ago=POLICY.start_within * 2, unknown=False)
    assert isinstance(await hand.perform(late), Failed)
    early = replace(late, owner=replace(late.session, secured_at=datetime.now(UTC)))
    assert isinstance(await hand.perform(early), Again)
