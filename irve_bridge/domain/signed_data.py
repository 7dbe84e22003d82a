"""What a meter signed, as a CDR has it (OCPI 2.2.1 mod_cdrs, SignedData and SignedValue)."""

import re
from base64 import b64encode
from collections.abc import Iterator, Sequence

from irve_bridge.domain.ocpi import Document
from irve_bridge.domain.signatures import BEGIN, END, SignedReading, signature_of

ENCODED_MAX, PUBLIC_KEY_MAX = 5000, 512
"""Characters in base64; what is signed is shorter than that, as plain text too."""
_NATURES = {BEGIN: "Start", END: "End"}
_NOT_PRINTABLE = re.compile("[\x00-\x1f\x7f]")


def signed_data(signed: Sequence[SignedReading]) -> Document | None:
    """Return the SignedData of a charge, None where nothing is signed in OCMF that OCPI can carry.

    A value too long, or with characters that an OCPI string cannot have, is left out whole: changed
    by one character, its signature fits no longer.
    """
    values = list(_values(signed))
    if not values:
        return None
    signature = signature_of(signed)
    key = signature.public_key if signature else None
    encoded = b64encode(bytes.fromhex(key)).decode() if key else ""
    return {
        "encoding_method": "OCMF",
        "public_key": encoded if 0 < len(encoded) <= PUBLIC_KEY_MAX else None,
        "signed_values": values,
    }


def _values(signed: Sequence[SignedReading]) -> Iterator[Document]:
    for reading in signed:
        text = reading.ocmf
        if text is None or _NOT_PRINTABLE.search(text):
            continue
        encoded = b64encode(text.encode()).decode()
        if len(encoded) <= ENCODED_MAX:
            nature = _NATURES.get(reading.context, "Intermediate")
            yield {"nature": nature, "plain_data": text, "signed_data": encoded}
