"""No catalogue with a hole."""

from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.plurals import get_plural
from babel.messages.pofile import read_po

import irve_bridge
from irve_bridge.i18n import REGIONS, SOURCE

ROOT = Path(irve_bridge.__file__).parent
TEMPLATES = "**/templates/**.html"
KEYWORDS = {"N_": None, "_": None, "gettext": None, "ngettext": (1, 2)}
CODES = [code for code in REGIONS if code != SOURCE]


@pytest.fixture(scope="module")
def wanted() -> set[str]:
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
        return read_po(source)


def messages(code: str) -> list[Message]:
    return [message for message in catalogue(code) if message.id]


@pytest.mark.parametrize("code", CODES)
def test_every_text_is_translated_and_no_translation_is_left_over(
    code: str, wanted: set[str]
) -> None:
    """`make messages` brings new texts in; the translation is written by hand."""
    assert len(wanted) > 100
    assert {str(message.id) for message in messages(code) if message.string} == wanted


def test_there_is_no_catalogue_but_of_our_languages() -> None:
    assert {path.name for path in (ROOT / "locales").iterdir() if path.is_dir()} == set(CODES)


@pytest.mark.parametrize("code", CODES)
def test_translations_keep_the_places_of_their_values(code: str) -> None:
    for message in messages(code):
        assert "python-format" in message.flags or "%(" not in message.id, message.id
        assert list(message.check(catalogue(code))) == [], message.id


@pytest.mark.parametrize("code", CODES)
def test_nothing_is_fuzzy_or_obsolete(code: str) -> None:
    assert [message.id for message in messages(code) if message.fuzzy] == []
    assert list(catalogue(code).obsolete) == []


@pytest.mark.parametrize("code", CODES)
def test_the_header_names_the_language_and_its_plural_forms(code: str) -> None:
    header = dict(catalogue(code).mime_headers)
    assert header["Language"] == code
    assert header["Plural-Forms"] == get_plural(code).plural_forms


@pytest.mark.parametrize("code", CODES)
def test_a_sentence_stays_a_sentence(code: str) -> None:
    """A label that gets a full stop, or a sentence that loses one, was put in the wrong place."""
    ends = (".", ":", "?")
    for message in messages(code):
        text = str(message.string).rstrip()
        asked, told = message.id[-1], text[-1]
        assert (asked in ends) is (told in ends) or told == ".", message.id
        assert told == text[-1] != " ", message.id
