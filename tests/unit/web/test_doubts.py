"""Why a charge waits for a person is told in the person's language, and on their clock."""

from datetime import datetime, timedelta

import pytest

from irve_bridge.domain.metering import Reading, finish
from irve_bridge.domain.session import State
from irve_bridge.domain.signatures import Check, SignedReading, Verdict, vouch
from irve_bridge.i18n import OPERATORS, REGIONS, SOURCE, language
from irve_bridge.service.bills import CLOCK_DOUBT
from irve_bridge.web.operator.money import minor_of
from irve_bridge.web.operator.present import Presenter
from tests.unit.domain.sessions import LATER, NOW, session

MINUTE = timedelta(minutes=1)


def presenter(code: str) -> Presenter:
    return Presenter(language(code, OPERATORS), "Europe/Paris", LATER)


def told(noted: str | None, code: str = "fr") -> str:
    return presenter(code).reason(session(state=State.REVIEW, outcome=noted))


@pytest.mark.parametrize("code", [code for code in REGIONS if code != SOURCE])
@pytest.mark.parametrize(
    ("start_wh", "stop_wh", "stop_at", "read_wh"),
    [
        (1000, 999, LATER, ()),
        (0, 400, LATER, (600,)),
        (0, 6000, NOW - timedelta(hours=1), ()),
        (-1, 6000, LATER, ()),
        (0, 90_000, LATER, ()),
        (0, 3000, LATER, (1000, 0, 800, 1700, 2600)),
        (0, -1, LATER, (1000, 0)),
        (0, 400_000, LATER, (390_000,)),
    ],
)
def test_every_doubt_of_a_meter_has_words_in_every_language(
    start_wh: int, stop_wh: int, stop_at: datetime, read_wh: tuple[int, ...], code: str
) -> None:
    readings = [Reading(at=NOW + n * 3 * MINUTE, register_wh=wh) for n, wh in enumerate(read_wh, 1)]
    doubt = finish(NOW, start_wh, stop_at, stop_wh, readings, 22_000).doubt
    assert doubt is not None
    assert told(doubt, code) != doubt


@pytest.mark.parametrize(
    ("signed", "words"),
    [
        (0, "de 1200 Wh, le compteur n’a rien signé"),
        (1, "pour 1200 Wh, aucune signature n’a pu être vérifiée : elle n’est pas au format OCMF"),
    ],
)
def test_what_signatures_leave_in_doubt_is_told_with_why(signed: int, words: str) -> None:
    verdict = Verdict(outcome=Check.UNVERIFIABLE, note="it is not OCMF")
    unread = SignedReading(at=NOW, context="Transaction.End", text="x", verdict=verdict)
    assert told(vouch([unread] * signed, 1200).doubt) == words


def test_a_wrong_clock_has_words_and_what_has_none_is_told_as_noted() -> None:
    assert "horloge" in told(CLOCK_DOUBT)
    assert told("no_words_for_this") == "no_words_for_this"


def test_a_moment_in_a_doubt_is_on_the_operators_clock() -> None:
    noted = "the register restarted: it went on from 20 Wh at 2026-05-04T12:00:00Z"
    assert "20 Wh le 4 mai 2026, 14:00:00" in told(noted)


def test_an_amount_stands_in_a_field_as_somebody_would_type_it() -> None:
    written = presenter("fr").typed(563, "EUR")
    assert (written, presenter("en").typed(563, "EUR")) == ("5,63", "5.63")
    assert minor_of(written, "EUR") == 563
