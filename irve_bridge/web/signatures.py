"""What a driver reads of the meter's signatures, and takes along to check them elsewhere."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from irve_bridge.domain.signatures import Check, SignedReading, signature_of
from irve_bridge.i18n import N_

KEY_GROUP = 16
SENTENCES = {
    Check.VALID: N_("The meter signed this charge, and its signature was verified."),
    Check.INVALID: N_("The meter signed this charge, but its signature could not be verified."),
    Check.UNVERIFIABLE: N_(
        "The meter signed this charge, but its signature could not be verified."
    ),
}
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Signed:
    """What is said of a session's signatures; the key in groups that a narrow page can break."""

    sentence: str
    energy_wh: int | None
    public_key: tuple[str, ...]


def signed_of(signed: Sequence[SignedReading]) -> Signed | None:
    """Return what a session's page says of its signatures, None where there are none."""
    signature = signature_of(signed)
    if signature is None or not _downloadable(signed):
        return None
    groups = in_groups(signature.public_key or "")
    return Signed(SENTENCES[signature.outcome], signature.energy_wh, groups)


def in_groups(key: str) -> tuple[str, ...]:
    """Return a long key in parts, between which a line may break."""
    return tuple(key[at : at + KEY_GROUP] for at in range(0, len(key), KEY_GROUP))


def transparency_file(transaction_id: str, signed: Sequence[SignedReading]) -> str | None:
    """Return the signed readings as the S.A.F.E. transparency software reads them, None for none.

    Its format is described in XML_Format.md of github.com/SAFE-eV/transparenzsoftware: no white
    space around a signed text, which is given as it was signed.
    """
    values = "".join(_value(transaction_id, reading) for reading in _downloadable(signed))
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return f"{head}<values>\n{values}</values>\n" if values else None


def _downloadable(signed: Sequence[SignedReading]) -> list[SignedReading]:
    """Leave out what is not OCMF, or has characters that no XML can carry."""
    return [r for r in signed if r.ocmf and not _NO_XML.search(r.ocmf)]


def _value(transaction_id: str, reading: SignedReading) -> str:
    attributes = f"transactionId={quoteattr(transaction_id)} context={quoteattr(reading.context)}"
    text = escape(reading.ocmf or "", {"\r": "&#13;"})
    key = reading.verdict.public_key if reading.verdict else None
    public_key = f'\n    <publicKey encoding="hex">{key}</publicKey>' if key else ""
    return (
        f"  <value {attributes}>\n"
        f'    <signedData format="OCMF" encoding="plain">{text}</signedData>{public_key}\n'
        "  </value>\n"
    )
