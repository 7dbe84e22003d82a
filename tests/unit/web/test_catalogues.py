"""No text outside the catalogues, and no catalogue with a hole."""

from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import irve_bridge
from irve_bridge.i18n import REGIONS

ROOT = Path(irve_bridge.__file__).parent
TEMPLATES = "**/templates/**.html"
KEYWORDS = {"N_": None, "_": None, "gettext": None, "ngettext": (1, 2)}


def texts() -> set[str]:
    """Return every text that code and templates want translated."""
    extracted = extract_from_dir(
        ROOT,
        [("**.py", "python"), (TEMPLATES, "jinja2")],
        {TEMPLATES: {"trimmed": "true"}},
        keywords=KEYWORDS,
    )
    return {str(message) for _, _, message, _, _ in extracted}


def catalogue(code: str) -> Catalog:
    with (ROOT / "locales" / code / "LC_MESSAGES" / "messages.po").open("rb") as source:
        return read_po(source, locale=code)


def translated(code: str) -> list[Message]:
    return [message for message in catalogue(code) if message.id and message.string]


@pytest.mark.parametrize("code", list(REGIONS))
def test_every_text_is_translated_and_no_translation_is_left_over(code: str) -> None:
    wanted = texts()
    assert len(wanted) > 100
    assert {str(message.id) for message in translated(code)} == wanted


@pytest.mark.parametrize("code", list(REGIONS))
def test_translations_keep_the_places_of_their_values(code: str) -> None:
    for message in translated(code):
        assert list(message.check()) == [], message.id


@pytest.mark.parametrize("code", list(REGIONS))
def test_nothing_is_fuzzy(code: str) -> None:
    assert not [message.id for message in catalogue(code) if message.id and message.fuzzy]
