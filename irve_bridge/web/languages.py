"""Which language a visitor prefers."""

from aiohttp import web

from irve_bridge.i18n import DEFAULT, Language

LANGUAGES = web.AppKey("languages", dict[str, Language])


def language_of(request: web.Request) -> Language:
    """Return the language that the visitor prefers among ours, French where none is."""
    languages = request.app[LANGUAGES]
    for code in accepted(request.headers.get("Accept-Language", "")):
        if code in languages:
            return languages[code]
    return languages[DEFAULT]


def accepted(header: str) -> list[str]:
    """Return the language codes of an Accept-Language header, best first (RFC 9110 §12.5.4)."""
    weighted = []
    for part in header.split(","):
        tag, _, parameters = part.partition(";")
        weight = parameters.strip().removeprefix("q=")
        try:
            weighted.append((-float(weight or 1), tag.strip().lower().partition("-")[0]))
        except ValueError:
            continue
    return [code for weight, code in sorted(weighted, key=lambda w: w[0]) if weight < 0]
