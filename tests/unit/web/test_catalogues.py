"""No catalogue with a hole."""

from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.plurals import get_plural
from babel.messages.pofile import read_po

import irve_bridge
from irve_bridge.i18n import DRIVERS, OPERATORS, REGIONS, SOURCE

ROOT = Path(irve_bridge.__file__).parent
KEYWORDS = {"N_": None, "_": None, "gettext": None, "ngettext": (1, 2)}
CODES = [code for code in REGIONS if code != SOURCE]
DOMAINS = [DRIVERS, OPERATORS]
SHORTENED = ("MwSt.", "IdNr.")
"""German words whose full stop ends no sentence."""


@pytest.fixture(scope="module", params=DOMAINS)
def domain(request: pytest.FixtureRequest) -> str:
    """A catalogue of each language: what drivers read, and what operators read besides."""
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def wanted(domain: str) -> set[str]:
    """Return every text that code and templates want translated, as `make messages` finds them."""
    with (ROOT / "locales" / f"{domain}.cfg").open() as mapping:
        methods, options = parse_mapping_cfg(mapping)
    extracted = extract_from_dir(ROOT, methods, options, keywords=KEYWORDS)
    return {str(message) for _, _, message, _, _ in extracted}


@cache
def catalogue(code: str, domain: str = DRIVERS) -> Catalog:
    with (ROOT / "locales" / code / "LC_MESSAGES" / f"{domain}.po").open("rb") as source:
        return read_po(source)


def messages(code: str, domain: str) -> list[Message]:
    return [message for message in catalogue(code, domain) if message.id]


def strings(message: Message) -> list[str]:
    """Return what a message is in a language: in as many forms as it counts in."""
    return list(message.string) if isinstance(message.string, tuple) else [str(message.string)]


@pytest.mark.parametrize("code", CODES)
def test_every_text_is_translated_and_no_translation_is_left_over(
    code: str, domain: str, wanted: set[str]
) -> None:
    """`make messages` brings new texts in; the translation is written by hand."""
    assert len(wanted) > 100
    translated = [message for message in messages(code, domain) if all(strings(message))]
    assert {str(message.id) for message in translated} == wanted


def test_there_is_no_catalogue_but_of_our_languages() -> None:
    assert {path.name for path in (ROOT / "locales").iterdir() if path.is_dir()} == set(CODES)


@pytest.mark.parametrize("code", CODES)
def test_translations_keep_the_places_of_their_values(code: str, domain: str) -> None:
    for message in messages(code, domain):
        assert "python-format" in message.flags or "%(" not in str(message.id), message.id
        assert list(message.check(catalogue(code, domain))) == [], message.id


@pytest.mark.parametrize("code", CODES)
def test_nothing_is_fuzzy_or_obsolete(code: str, domain: str) -> None:
    assert [message.id for message in messages(code, domain) if message.fuzzy] == []
    assert list(catalogue(code, domain).obsolete) == []


@pytest.mark.parametrize("code", CODES)
def test_the_header_names_the_language_and_its_plural_forms(code: str, domain: str) -> None:
    header = dict(catalogue(code, domain).mime_headers)
    assert header["Language"] == code
    assert header["Plural-Forms"] == get_plural(code).plural_forms


@pytest.mark.parametrize("code", CODES)
def test_a_sentence_stays_a_sentence(code: str, domain: str) -> None:
    """A label that gets a full stop, or a sentence that loses one, was put in the wrong place."""
    ends = (".", ":", "?")
    for message in messages(code, domain):
        source = message.id if isinstance(message.id, str) else message.id[0]
        for string in strings(message):
            asked, told = source[-1], string.rstrip()[-1]
            assert (asked in ends) is (told in ends) or string.endswith(SHORTENED), message.id
            assert string[-1] != " ", message.id
