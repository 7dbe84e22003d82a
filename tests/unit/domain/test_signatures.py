"""What was signed is found in whatever wraps it, and holds the bill down to what it says."""

import base64
import json
from datetime import UTC, datetime

import pytest

from irve_bridge.domain.signatures import (
    Check,
    Signature,
    SignedReading,
    SignedRegister,
    Verdict,
    ocmf_of,
    overall,
    signature_of,
    signed_energy_wh,
    vouch,
)

T0 = datetime(2026, 5, 4, tzinfo=UTC)
TEXT = 'OCMF|{"FV":"1.0", "RV":2935.600}|{"SD":"30é"}'
BASE64 = base64.b64encode(TEXT.encode()).decode()
ENVELOPE = {"encodingMethod": "OCMF", "publicKey": "30"}


def signed(
    *registers: SignedRegister, outcome: Check = Check.VALID, note: str = ""
) -> SignedReading:
    verdict = Verdict(outcome=outcome, note=note, registers=registers)
    return SignedReading(at=T0, context="Transaction.End", text=TEXT, verdict=verdict)


def register(
    begin_wh: int | None = None, end_wh: int | None = None, name: str = "m"
) -> SignedRegister:
    return SignedRegister(name=name, begin_wh=begin_wh, end_wh=end_wh)


@pytest.mark.parametrize(
    "sent",
    [
        TEXT,
        f" {TEXT}\n",
        TEXT.encode().hex(),
        TEXT.encode().hex().upper(),
        BASE64,
        json.dumps(ENVELOPE | {"signedMeterData": BASE64}),
        json.dumps(ENVELOPE | {"signedMeterValue": TEXT}),
        base64.b64encode(json.dumps({"signedMeterData": BASE64}).encode()).decode(),
    ],
)
def test_the_text_is_found_unchanged_in_whatever_wraps_it(sent: str) -> None:
    assert ocmf_of(sent) == TEXT


@pytest.mark.parametrize(
    "sent", ["", "12345", "AP;0;3;ALCV3", "{}", "{", "[1]", '{"signedMeterData": 7}', "00ff", "=="]
)
def test_other_formats_are_not_taken_for_it(sent: str) -> None:
    assert ocmf_of(sent) is None


def test_energy_is_within_one_register_of_one_meter() -> None:
    assert signed_energy_wh([signed(register(100, 900))]) == 800
    assert signed_energy_wh([signed(register(100)), signed(register(end_wh=900))]) == 800
    other = signed(register(end_wh=900, name="another"))
    assert signed_energy_wh([signed(register(100)), other]) is None


def test_of_several_ends_the_least_counts_and_of_several_registers_the_one_that_counted() -> None:
    twice = [signed(register(100, 900)), signed(register(end_wh=800))]
    assert signed_energy_wh(twice) == 700
    both = signed(register(100, 900), register(50, 50, "export"))
    assert signed_energy_wh([both]) == 800


def test_one_signature_that_does_not_fit_spoils_all() -> None:
    good, bad = signed(register(0, 500)), signed(outcome=Check.INVALID, note="no fit")
    assert overall([good]) is Check.VALID
    assert overall([good, bad]) is Check.INVALID
    assert overall([signed(outcome=Check.UNVERIFIABLE)]) is Check.UNVERIFIABLE


@pytest.mark.parametrize(
    ("readings", "energy_wh", "said"),
    [
        ([], 0, "nothing is signed"),
        ([signed(register(0, 500), outcome=Check.INVALID, note="no fit")], 0, "no fit"),
        ([signed(outcome=Check.UNVERIFIABLE, note="no key")], 0, "no key"),
        ([signed(register(end_wh=500))], 0, "begin and end"),
        ([signed(register(0, 400))], 400, "only 400 Wh"),
        ([signed(register(500, 400))], 0, "only -100 Wh"),
    ],
)
def test_what_is_not_signed_is_not_billed(
    readings: list[SignedReading], energy_wh: int, said: str
) -> None:
    vouched = vouch(readings, 500)
    assert vouched.energy_wh == energy_wh
    assert said in (vouched.doubt or "")


def test_what_is_signed_is_billed_even_if_the_registers_round_otherwise() -> None:
    assert vouch([signed(register(0, 499))], 500).doubt is None
    assert vouch([signed(register(0, 600))], 500).energy_wh == 500


@pytest.mark.parametrize(
    ("begin_wh", "end_wh", "registers", "doubted"),
    [
        (1000, 1500, (1000, 1500), False),
        (1100, 1600, (1000, 1500), False),
        (1101, 1601, (1000, 1500), True),
        (1000, 1601, (1000, 1500), True),
        (1000, 1500, (1000, None), False),
        (1000, 1500, (1000, -1), False),
        (9000, 9500, (1000, None), True),
        (0, 500, (1000, 1500), False),
        (1000, 1500, (0, 500), False),
    ],
)
def test_what_is_signed_is_of_the_registers_that_are_billed(
    begin_wh: int, end_wh: int, registers: tuple[int, int | None], *, doubted: bool
) -> None:
    """A signature of the same energy, but of another charge, vouches for nothing.

    Registers of the charge alone begin at zero, and compare with none of a lifetime.
    """
    vouched = vouch([signed(register(begin_wh, end_wh))], 500, *registers)
    assert (vouched.doubt is not None, vouched.energy_wh) == (doubted, 0 if doubted else 500)


def test_an_export_register_beside_the_one_that_counted_gainsays_nothing() -> None:
    both = signed(register(1000, 1500), register(7000, 7000, "export"))
    assert vouch([both], 500, 1000, 1500).doubt is None


def test_where_nothing_was_charged_nothing_need_be_signed() -> None:
    assert vouch([], 0).doubt is None


def test_a_driver_is_told_the_one_key_that_everything_was_held_against() -> None:
    def by(key: str | None, text: str = TEXT) -> SignedReading:
        verdict = Verdict(outcome=Check.UNVERIFIABLE, public_key=key)
        return SignedReading(at=T0, context="Transaction.End", text=text, verdict=verdict)

    assert signature_of([by("30"), by("30"), by(None)]) == Signature(
        outcome=Check.UNVERIFIABLE, public_key="30"
    )
    changed = signature_of([by("30"), by("31")])
    assert changed is not None
    assert changed.public_key is None
    assert signature_of([by("30", "another format")]) is None
    assert signature_of([]) is None
