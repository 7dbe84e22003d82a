"""Meters' signatures in the Open Charge Metering Format (github.com/SAFE-eV, OCMF 1.4)."""

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

from pyocmf import OCMF, EnergyUnit, MeterReadingReason, Reading, SpecWarning
from pyocmf.enums.reading import is_end_reason

from irve_bridge.domain.signatures import Check, SignedRegister, Verdict

# Meters deviate from the specification in ways that the transparency software accepts as well.
warnings.filterwarnings("ignore", category=SpecWarning)

NOTE_LENGTH_MAX = 200
LARGEST = 10**12
_WH_IN = {EnergyUnit.WH: 1, EnergyUnit.KWH: 1000}


class OcmfVerifier:
    """Implements `ports.SignatureVerifier`."""

    def verify(self, ocmf: str, public_key: str) -> Verdict:
        """Return whether this OCMF text is signed with this key (DER in hex), and what it says."""
        try:
            verdict = _verdict(ocmf, public_key)
        except Exception as error:  # noqa: BLE001 - a meter may send any text, and none may harm
            note = str(error).partition("\n")[0][:NOTE_LENGTH_MAX] or type(error).__name__
            verdict = Verdict(outcome=Check.UNVERIFIABLE, note=note)
        return replace(verdict, public_key=public_key)


def _verdict(ocmf: str, public_key: str) -> Verdict:
    record = OCMF.from_string(ocmf)
    if not record.verify_signature(public_key):
        return Verdict(outcome=Check.INVALID, note="it does not fit the meter's public key")
    if faults := record.check_eichrecht(errors_only=True):
        return Verdict(outcome=Check.INVALID, note=faults[0].message[:NOTE_LENGTH_MAX])
    return Verdict(outcome=Check.VALID, registers=_said(record))


def _said(record: OCMF) -> tuple[SignedRegister, ...]:
    """Only within one register of one meter is an end later than a begin."""
    meter = record.payload.MS or record.payload.GS or ""
    by_register: dict[str, list[Reading]] = {}
    for reading in _counting(record.payload.RD):
        by_register.setdefault(f"{meter} {reading.RI}".strip(), []).append(reading)
    return tuple(_register(name, readings) for name, readings in by_register.items())


def _register(name: str, readings: Iterable[Reading]) -> SignedRegister:
    begins_wh, ends_wh = [], []
    for reading in readings:
        if reading.TX == MeterReadingReason.BEGIN:
            begins_wh.append(_wh(reading))
        elif is_end_reason(reading.TX):
            ends_wh.append(_wh(reading))
    begin_wh, end_wh = max(begins_wh, default=None), min(ends_wh, default=None)
    return SignedRegister(name=name, begin_wh=begin_wh, end_wh=end_wh)


def _counting(readings: Sequence[Reading]) -> list[Reading]:
    """Return the readings that are billed on; registers without the cable's losses come first."""
    energy = [r for r in readings if r.RI and r.RI.is_law_relevant and r.RU in _WH_IN]
    compensated = [r for r in energy if r.RI and r.RI.is_loss_compensated]
    return [r for r in compensated or energy if r.RV is not None and abs(r.RV) < LARGEST]


def _wh(reading: Reading) -> int:
    """A Wh that is not complete does not count, as everywhere."""
    return int((reading.RV or Decimal()) * _WH_IN[EnergyUnit(reading.RU or "")])
