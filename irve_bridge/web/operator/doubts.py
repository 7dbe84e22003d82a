"""Why a charge waits for a person, in an operator's words; the books note it in English."""

import re
from collections.abc import Callable

from irve_bridge.i18n import N_, Language

DOUBTS = (
    N_("the first register (%(first)s Wh) is not known"),
    N_("the stop (%(stop)s) lies before the start (%(start)s)"),
    N_("the final register (%(last)s Wh) is below the first (%(first)s Wh)"),
    N_("the final register (%(last)s Wh) is below the last reading (%(read)s Wh)"),
    N_("the register fell to %(low)s Wh by %(moment)s, and no stop tells why"),
    N_("the register restarted: it went on from %(low)s Wh at %(moment)s"),
    N_("the first register may be wrong: readings leapt over %(energy)s Wh"),
    N_("%(energy)s Wh is more than %(power)s W can deliver"),
    N_("its clock is wrong, and was set meanwhile: nobody knows how long it lasted"),
    N_("a stop names its tag, but no transaction that can be meant"),
    N_("the charge stopped, but its start was never heard of"),
    N_("of %(energy)s Wh nothing is signed by the meter"),
    N_("%(energy)s Wh are metered, but a signature is wrong: %(why)s"),
    N_("of %(energy)s Wh no signature could be verified: %(why)s"),
    N_("%(energy)s Wh are metered, but only %(signed)s Wh are signed by the meter"),
    N_(
        "%(begin)s to %(end)s Wh are signed by the meter, but its registers were %(start)s to "
        "%(stop)s Wh"
    ),
    N_("not both begin and end are signed"),
    N_("it is not OCMF"),
    N_("it does not fit the meter's public key"),
    N_("the meter's public key is not known"),
    N_("it was sent for another charge already"),
)


def doubt(noted: str, language: Language, told: Callable[[str], str] = str) -> str:
    """Return a doubt in the language's words, with each figure `told`; one without, as noted."""
    for message, pattern in _PATTERNS:
        if found := pattern.fullmatch(noted):
            figures = {
                name: doubt(text, language, told) for name, text in found.groupdict().items()
            }
            return language.text(message) % figures
    return told(noted)


def _pattern(message: str) -> re.Pattern[str]:
    """Return what a message looks like with its places filled in."""
    return re.compile(re.sub(r"%\\?\((\w+)\\?\)s", r"(?P<\1>.+?)", re.escape(message)))


_PATTERNS = [(message, _pattern(message)) for message in DOUBTS]
