"""CALLs whose JSON is not sound: their id and action can often be read still."""

import re

from msgspec import Raw

from irve_bridge.charge_points.v16.decode import Call

BEGINNING = re.compile(
    rb"""\s*\[\s*2\s*,\s*("[ !#-\[\]-~]*"|-?\d{1,20})\s*,\s*"(\w{1,50})"\s*(?:,|(?=\]))""", re.ASCII
)
_NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")
# What some firmware writes around its text: a byte order mark, and the end of a C string.
MARK, AROUND = b"\xef\xbb\xbf", b"\0 \t\r\n"


def unsound_call(frame: bytes) -> Call | None:
    """Return a CALL as far as it can be read, its payload as it came; None where that is not far.

    Firmware prints NaN and line breaks into numbers and texts, ends a frame by a zero byte, or cuts
    it off where a buffer was full. A transaction message is to be confirmed all the same.
    """
    text = frame.removeprefix(MARK).strip(AROUND)
    beginning = BEGINNING.match(text)
    if beginning is None:
        return None
    id_ = beginning[1]
    if not id_.startswith(b'"'):
        id_ = b"%d" % int(id_)  # 007 is no number in JSON
    payload = text[beginning.end() :].removesuffix(b"]").strip(AROUND)
    return Call(2, Raw(id_), beginning[2].decode(), Raw(payload or b"{}"))


def storable(payload: bytes) -> bytes:
    """Return JSON with U+FFFD in place of U+0000, which no text of PostgreSQL can hold.

    Written out or escaped; a backslash that is escaped itself escapes nothing.
    """
    if b"\\u0000" in payload:
        payload = _NUL.sub(rb"\1\\ufffd", payload)
    return payload.replace(b"\0", "\ufffd".encode())
