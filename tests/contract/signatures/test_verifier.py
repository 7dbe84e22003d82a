from collections.abc import Callable
from random import Random

import pytest

from irve_bridge.domain.signatures import Check, SignedRegister
from irve_bridge.service.ports import SignatureVerifier
from simulators.charge_point.meter import SigningMeter

KEBA = (
    'OCMF|{"FV":"1.0","GI":"KEBA_KCP30","GS":"17619300","GV":"2.8.5","PG":"T32","IS":false,'
    '"IL":"NONE","IF":["RFID_NONE","OCPP_NONE","ISO15118_NONE","PLMN_NONE"],"IT":"NONE","ID":"",'
    '"RD":[{"TM":"2019-08-13T10:03:15,000+0000 I","TX":"B","EF":"","ST":"G","RV":0.2596,'
    '"RI":"1-b:1.8.0","RU":"kWh"},{"TM":"2019-08-13T10:03:36,000+0000 R","TX":"E","EF":"",'
    '"ST":"G","RV":0.2597,"RI":"1-b:1.8.0","RU":"kWh"}]}|{"SD":"304502200E2F107C987A300AC1695CA8'
    "9EA149A8CDFA16188AF0A33EE64B67964AA943F9022100889A72B6D65364BEA8562E7F6A0253157ACFF84FE4929A"
    '93B5964D23C4265699"}'
)
"""The record that the transparency software explains its file with."""
KEBA_KEY = (
    "3059301306072A8648CE3D020106082A8648CE3D030107034200043AEEB45C392357820A58FDFB0857BD77ADA315"
    "85C61C430531DFA53B440AFBFDD95AC887C658EA55260F808F55CA948DF235C2108A0D6DC7D4AB1A5E1A7955BE"
)


def test_a_signature_that_fits_vouches_for_its_register(
    verifier: SignatureVerifier, meter: SigningMeter, signed: Callable[..., str]
) -> None:
    begin = verifier.verify(signed(), meter.public_key)
    end = verifier.verify(signed(1_240_000), meter.public_key)
    assert (begin.outcome, end.outcome) == (Check.VALID, Check.VALID)
    assert begin.registers == (SignedRegister(name="CP1-1 1-b:1.8.0", begin_wh=1_234_500),)
    assert end.registers == (SignedRegister(name="CP1-1 1-b:1.8.0", end_wh=1_240_000),)
    assert begin.public_key == meter.public_key


def test_the_record_of_a_charge_point_in_the_field_is_understood(
    verifier: SignatureVerifier,
) -> None:
    """Begin and end in one record, in tenths of a Wh: what is not complete does not count."""
    verdict = verifier.verify(KEBA, KEBA_KEY)
    assert verdict.outcome is Check.VALID, verdict.note
    assert verdict.registers == (
        SignedRegister(name="17619300 1-b:1.8.0", begin_wh=259, end_wh=259),
    )


@pytest.mark.parametrize(("before", "after"), [("0.2597", "0.3597"), (',"ST"', ', "ST"')])
def test_one_character_more_or_other_fits_no_longer(
    verifier: SignatureVerifier, before: str, after: str
) -> None:
    verdict = verifier.verify(KEBA.replace(before, after, 1), KEBA_KEY)
    assert (verdict.outcome, verdict.registers) == (Check.INVALID, ())
    assert verdict.note


def test_another_meters_key_does_not_fit(
    verifier: SignatureVerifier, signed: Callable[..., str]
) -> None:
    another = SigningMeter("CP2", Random(2)).public_key
    assert verifier.verify(signed(), another).outcome is Check.INVALID


def test_a_meter_that_signs_its_own_failure_vouches_for_nothing(
    verifier: SignatureVerifier, meter: SigningMeter, signed: Callable[..., str]
) -> None:
    """The signature fits, but the meter says that it is not well (ST)."""
    ill = meter.seal(signed().split("|")[1].replace('"ST":"G"', '"ST":"M"').encode())
    verdict = verifier.verify(ill, meter.public_key)
    assert (verdict.outcome, verdict.registers) == (Check.INVALID, ())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "OCMF|",
        "OCMF|{}|{}",
        "OCMF|[1]|{}",
        'OCMF|{"RD":7}|{"SD":"00"}',
        'OCMF|{"RD":[7]}|{"SD":"00"}',
        'OCMF|{"RD":[]}|{"SD":"zz"}',
        'OCMF|{"RD":[]}|{"SA":"ECDSA-none","SD":"00"}',
        "OCMF|" + "[" * 5000 + "|{}",
        "OCMF|\x00|\ud800",
    ],
)
def test_what_cannot_be_read_is_unverifiable_and_never_raises(
    verifier: SignatureVerifier, meter: SigningMeter, text: str
) -> None:
    verdict = verifier.verify(text, meter.public_key)
    assert verdict.outcome is Check.UNVERIFIABLE
    assert verdict.note
