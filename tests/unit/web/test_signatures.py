"""The file for the transparency software says what was signed, whatever stands in it."""

from datetime import UTC, datetime

from defusedxml.ElementTree import fromstring

from irve_bridge.domain.signatures import Check, SignedReading, Verdict
from irve_bridge.web.signatures import signed_of, transparency_file

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


def reading(text: str, key: str | None = None) -> SignedReading:
    verdict = Verdict(outcome=Check.UNVERIFIABLE, public_key=key)
    return SignedReading(at=NOW, context="Transaction.End", text=text, verdict=verdict)


def test_every_character_arrives_as_it_was_signed() -> None:
    text = 'OCMF|{"ID":"<&>\'\u00e9\u20ac]]>"}\r\n\t|{}'
    document = transparency_file('7"', [reading(text, "3059")])
    (value,) = fromstring(document)
    assert value.attrib == {"transactionId": '7"', "context": "Transaction.End"}
    signed, key = value
    assert (signed.text, signed.attrib) == (text, {"format": "OCMF", "encoding": "plain"})
    assert (key.text, key.attrib) == ("3059", {"encoding": "hex"})


def test_a_key_that_is_not_known_is_left_to_the_driver() -> None:
    (value,) = fromstring(transparency_file("7", [reading("OCMF|{}|{}")]))
    assert [element.tag for element in value] == ["signedData"]


def test_where_nothing_can_be_given_nothing_is_promised() -> None:
    for none in ([], [reading("not OCMF")], [reading("OCMF|\0|{}")]):
        assert transparency_file("7", none) is None
        assert signed_of(none) is None
