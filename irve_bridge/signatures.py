"""Meters' signatures in the Open Charge Metering Format (github.com/SAFE-eV, OCMF 1.4)."""

import warnings
from collections.abc import Iterable, Sequence
from decimal import Decimal

from pyocmf import OCMF, EnergyUnit, MeterReadingReason, PyOCMFError, Reading, SpecWarning
from pyocmf.enums.reading import is_end_reason

from irve_bridge.domain.signatures import Check, SignedRegister, Verdict

# Meters deviate from the specification in ways that the transparency software accepts as well.
warnings.filterwarnings("ignore", category=SpecWarning)

NOTE_LENGTH_MAX = 200
_WH_IN = {EnergyUnit.WH: 1, EnergyUnit.KWH: 1000}


class OcmfVerifier:
    """Implements `ports.SignatureVerifier`."""

    def verify(self, ocmf: str, public_key: str) -> Verdict:
        """Return whether this OCMF text is signed with this key (DER in hex), and what it says."""
        try:
            record = OCMF.from_string(ocmf)
            fits = record.verify_signature(public_key)
        except (PyOCMFError, ValueError, RecursionError) as error:
            return Verdict(outcome=Check.UNVERIFIABLE, note=_sentence(error), public_key=public_key)
        if not fits:
            note = "it does not fit the meter's public key"
            return Verdict(outcome=Check.INVALID, note=note, public_key=public_key)
        if faults := record.check_eichrecht(errors_only=True):
            return Verdict(outcome=Check.INVALID, note=faults[0].message, public_key=public_key)
        return Verdict(outcome=Check.VALID, registers=_said(record), public_key=public_key)


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
    return [r for r in compensated or energy if r.RV is not None]


def _wh(reading: Reading) -> int:
    """A Wh that is not complete does not count, as everywhere."""
    return int((reading.RV or Decimal()) * _WH_IN[EnergyUnit(reading.RU or "")])


def _sentence(error: Exception) -> str:
    return str(error).splitlines()[0][:NOTE_LENGTH_MAX]
