"""What a meter signed: found in what the charge point sent, and held against what is billed.

The text itself is never rewritten: one space more, and its signature fits no longer.
"""

import base64
import binascii
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

OCMF = "OCMF|"
ENVELOPE_FIELDS = ("signedMeterData", "signedMeterValue")
"""Where the JSON of OCA's "Signed Meter Values in OCPP", or of older charge points, has it."""
LAYERS_MAX = 3
ROUNDING_WH = 1
"""By how much two registers, each rounded to Wh, may differ from the signed ones."""
BEGIN, END = "Transaction.Begin", "Transaction.End"
REGISTER_SLACK_WH = 100
"""By how much a register as signed may differ from what the charge point said it was."""
ENDS_MAX, OUTERMOST = 10, 2
"""Of a meter that signs every sample: how many tell begin and end, and how many beside them."""
TEXT_BYTES_MAX = 16 * 1024
KEPT_MAX, ENDS_KEPT_MAX = 500, 520
"""How many signed texts are kept of a transaction, and how many if they tell begin or end."""
_HEX = re.compile(r"(?:[0-9a-fA-F]{2})+")


class Check(StrEnum):
    """What verification said; `UNVERIFIABLE`: neither that it fits nor that it does not."""

    VALID = "valid"
    INVALID = "invalid"
    UNVERIFIABLE = "unverifiable"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRegister:
    """What a signed text says of one register of one meter, in whole Wh."""

    name: str
    begin_wh: int | None = None
    end_wh: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What verification said of one signed text, and the registers it vouches for.

    `public_key` is the key it was held against, DER in hex; `note` says why it is not valid.
    """

    outcome: Check
    note: str = ""
    registers: tuple[SignedRegister, ...] = ()
    public_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedReading:
    """A signed value exactly as the charge point sent it; no `verdict` before the charge ended."""

    at: datetime
    context: str
    text: str
    verdict: Verdict | None = None

    @property
    def ocmf(self) -> str | None:
        """The OCMF in it, None where it is of another format."""
        return ocmf_of(self.text)

    @property
    def payload(self) -> str:
        """What was signed: the same in whatever wraps it, and whatever is written around it.

        The second section of the OCMF, as who verifies it parts it; else the whole text.
        """
        ocmf = self.ocmf
        return ocmf.split("|")[1] if ocmf else self.text


def ocmf_of(text: str) -> str | None:
    """Return the OCMF in a signed value: plain, in hex, in base64, or so in a JSON envelope.

    OCPP 1.6 ed. 2 §7.44 says hex; charge points do all of it.
    """
    found: str | None = text
    for _ in range(LAYERS_MAX):
        if found is None:
            return None
        found = found.strip()
        if found.startswith(OCMF):
            return found
        found = _inner(found)
    return found.strip() if found and found.strip().startswith(OCMF) else None


def _inner(text: str) -> str | None:
    try:
        if text.startswith("{"):
            return _enveloped(json.loads(text))
        if _HEX.fullmatch(text):
            return bytes.fromhex(text).decode()
        return base64.b64decode(text, validate=True).decode()
    except (ValueError, binascii.Error, RecursionError):
        return None


def _enveloped(envelope: dict[str, object]) -> str | None:
    found = (envelope.get(name) for name in ENVELOPE_FIELDS)
    return next((text for text in found if isinstance(text, str)), None)


def keepable(signed: Sequence[SignedReading], kept: int) -> list[SignedReading]:
    """Return those of no absurd size for which there is room beside those `kept` already.

    For begin and end, which may come last, there is some more.
    """
    fitting = [reading for reading in signed if len(reading.text.encode()) <= TEXT_BYTES_MAX]
    ends = [reading for reading in fitting if reading.context in {BEGIN, END}]
    others = [reading for reading in fitting if reading.context not in {BEGIN, END}]
    return [*ends[: max(ENDS_KEPT_MAX - kept, 0)], *others[: max(KEPT_MAX - kept, 0)]]


def signed_energy_wh(signed: Iterable[SignedReading]) -> int | None:
    """Return the energy that valid signatures vouch for; None without both begin and end.

    Where one register has several begins or ends, the least energy counts; of several registers
    the one that counted: an import and an export register stand beside each other.
    """
    return max((end_wh - begin_wh for begin_wh, end_wh in _whole(signed)), default=None)


def _whole(signed: Iterable[SignedReading]) -> list[tuple[int, int]]:
    """Return begin and end of each register that has both."""
    begins: dict[str, list[int]] = defaultdict(list)
    ends: dict[str, list[int]] = defaultdict(list)
    for register in _vouched(signed):
        if register.begin_wh is not None:
            begins[register.name].append(register.begin_wh)
        if register.end_wh is not None:
            ends[register.name].append(register.end_wh)
    both = begins.keys() & ends.keys()
    return [(max(begins[name]), min(ends[name])) for name in sorted(both)]


def _vouched(signed: Iterable[SignedReading]) -> Iterator[SignedRegister]:
    for verdict in (reading.verdict for reading in signed):
        if verdict is not None and verdict.outcome is Check.VALID:
            yield from verdict.registers


def overall(signed: Sequence[SignedReading]) -> Check:
    """Return what is to be said of all of them: one that does not fit spoils them all."""
    outcomes = {r.verdict.outcome for r in signed if r.verdict}
    if Check.INVALID in outcomes:
        return Check.INVALID
    vouched = signed_energy_wh(signed) is not None
    return Check.VALID if vouched else Check.UNVERIFIABLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What is to be said of all that a meter signed of one charge, and the energy it vouches for.

    `public_key` is the meter's, DER in hex; None where it is not known, or was changed meanwhile.
    """

    outcome: Check
    energy_wh: int | None = None
    public_key: str | None = None


def signature_of(signed: Sequence[SignedReading]) -> Signature | None:
    """Return what a driver is told of the signatures; None where there is none in OCMF."""
    if not any(reading.ocmf for reading in signed):
        return None
    keys = {reading.verdict.public_key for reading in signed if reading.verdict} - {None}
    return Signature(
        outcome=overall(signed),
        energy_wh=signed_energy_wh(signed),
        public_key=keys.pop() if len(keys) == 1 else None,
    )


@dataclass(frozen=True, slots=True)
class Vouched:
    """How much of a metered energy signatures vouch for, and why that is not all of it."""

    energy_wh: int
    doubt: str | None = None


def vouch(
    signed: Sequence[SignedReading],
    metered_wh: int,
    meter_start_wh: int | None = None,
    meter_stop_wh: int | None = None,
) -> Vouched:
    """Return what of a metered energy may be billed where signatures are required.

    Its registers, where they are known, must be those that are signed: else another charge is.
    """
    if metered_wh <= 0:
        return Vouched(metered_wh)
    if not signed:
        return Vouched(0, f"of {metered_wh} Wh nothing is signed by the meter")
    notes = [r.verdict.note for r in signed if r.verdict and r.verdict.outcome is not Check.VALID]
    if overall(signed) is Check.INVALID:
        return Vouched(0, f"{metered_wh} Wh are metered, but a signature is wrong: {notes[0]}")
    signed_wh = signed_energy_wh(signed)
    if signed_wh is None:
        why = notes[0] if notes else "not both begin and end are signed"
        return Vouched(0, f"of {metered_wh} Wh no signature could be verified: {why}")
    if differs := _of_other_registers(signed, signed_wh, meter_start_wh, meter_stop_wh):
        return Vouched(0, differs)
    if metered_wh - signed_wh > ROUNDING_WH:
        doubt = f"{metered_wh} Wh are metered, but only {signed_wh} Wh are signed by the meter"
        return Vouched(max(signed_wh, 0), doubt)
    return Vouched(metered_wh)


def _of_other_registers(
    signed: Sequence[SignedReading], signed_wh: int, start_wh: int | None, stop_wh: int | None
) -> str | None:
    """Return how what is signed differs from a transaction's registers.

    Registers that begin at zero are of the charge alone: only those of a lifetime compare.
    """
    counted = [(begin, end) for begin, end in _whole(signed) if end - begin == signed_wh]
    lifetime = [(begin, end) for begin, end in counted if begin > 0]
    if not lifetime or start_wh is None or start_wh <= 0:
        return None
    for begin_wh, end_wh in lifetime:
        ends_so = stop_wh is None or stop_wh < 0 or abs(end_wh - stop_wh) <= REGISTER_SLACK_WH
        if abs(begin_wh - start_wh) <= REGISTER_SLACK_WH and ends_so:
            return None
    begin_wh, end_wh = lifetime[0]
    stop = "unknown" if stop_wh is None else stop_wh
    return (
        f"{begin_wh} to {end_wh} Wh are signed by the meter, "
        f"but its registers were {start_wh} to {stop} Wh"
    )
