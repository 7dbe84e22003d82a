"""The CSMS that is told: a hand for its lane, which can fail or be lost after the effect."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Any

from irve_bridge.domain.intents import Intent
from irve_bridge.domain.session import Session
from irve_bridge.service.ports import Again, Done, Failed, Outcome, Task

RETRY = timedelta(seconds=30)


class CsmsMood(StrEnum):
    """How the next callback fares."""

    TAKES = "takes"
    FAILS = "fails"
    LOSES_ANSWER = "loses its answer"
    IS_GIVEN_UP = "is given up"


class Csms:
    """Records what it was told, by session, in the order of arrival, repeats included."""

    def __init__(self) -> None:
        self.mood = CsmsMood.TAKES
        self.told: dict[str, list[int]] = {}
        self.given_up: dict[str, list[int]] = {}
        self.called: set[str] = set()
        """The sessions for which a person was called."""

    def prepare(self, session: Session, intent: Intent) -> Mapping[str, Any]:
        """Return the body that was frozen when it was decided to tell."""
        return dict(intent.parameters)

    async def perform(self, task: Task) -> Outcome:
        """Take the callback or not, as the mood is; the mood holds for one callback."""
        mood, self.mood = self.mood, CsmsMood.TAKES
        if mood is CsmsMood.FAILS:
            return Again(reason="HTTP 503", known=True, after=RETRY)
        body = task.attempt.request["data"]
        if mood is CsmsMood.IS_GIVEN_UP:
            self.given_up.setdefault(body["session_id"], []).append(body["sequence"])
            return Failed("the last try")
        self.told.setdefault(body["session_id"], []).append(body["sequence"])
        if task.attempt.request["type"] == "review_needed":
            self.called.add(body["session_id"])
        if mood is CsmsMood.LOSES_ANSWER:
            return Again(reason="no answer", known=False, after=RETRY)
        return Done()
