"""No text that drivers read stands outside the catalogues."""

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jinja2 import Environment, nodes

import irve_bridge

ROOT = Path(irve_bridge.__file__).parent
TEMPLATES = sorted((ROOT / "web" / "templates").rglob("*.html"))
SPEAKING = sorted(
    path for path in ROOT.rglob("*.py") if re.search(r"i18n import.*\bN_", path.read_text())
)
"""The modules that hold texts for the catalogues."""
READ_ALOUD = {"alt", "aria-description", "aria-label", "placeholder", "title"}
WORD = re.compile(r"[^\W\d_]+")
NO_WORDS = {"JSON", "kWh", "checked"}
"""What no language translates, and an attribute that a macro writes."""
SENTENCE = re.compile(r"(?s)^(?!.*[<=]).*([A-Za-zÀ-ÖØ-öø-ÿ]\S* | \S*[A-Za-zÀ-ÖØ-öø-ÿ])")
NO_TEXT = {"SIREN "}
"""The French register of enterprises has no other name."""


class Reading(HTMLParser):
    """Collects what a browser shows or reads aloud."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_data(self, data: str) -> None:
        self.found.append(data.strip())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attrs if name in READ_ALOUD]


def literal_texts(template: str) -> list[str]:
    """Return the words that a template writes without asking a catalogue for them."""
    tree = Environment(extensions=["jinja2.ext.i18n"], autoescape=True).parse(template)
    reading = Reading()
    reading.feed("".join(_written(tree)))
    reading.close()
    return [text for text in reading.found if not NO_WORDS.issuperset(WORD.findall(text))]


def _written(tree: nodes.Node) -> Iterator[str]:
    for output in tree.find_all(nodes.Output):
        for part in output.nodes:
            match part:
                case nodes.TemplateData(data=text) | nodes.Const(value=str(text)):
                    yield text
                case nodes.CondExpr(expr1=yes, expr2=no):
                    yield from (each.value for each in (yes, no) if isinstance(each, nodes.Const))


def literal_sentences(source: str) -> list[str]:
    """Return a module's strings of several words: neither marked, documentation nor markup."""
    tree = ast.parse(source)
    marked = {part for node in ast.walk(tree) for part in _marked(node)}
    strings = (node for node in ast.walk(tree) if isinstance(node, ast.Constant))
    texts = (node.value for node in strings if node not in marked)
    return [text for text in texts if isinstance(text, str) and SENTENCE.search(text)]


def _marked(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.Call(func=ast.Name(id="N_")) | ast.Expr(value=ast.Constant()):
            yield from ast.walk(node)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_templates_write_no_words_of_their_own(path: Path) -> None:
    assert literal_texts(path.read_text()) == []


@pytest.mark.parametrize("path", SPEAKING, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_modules_mark_every_sentence(path: Path) -> None:
    assert [text for text in literal_sentences(path.read_text()) if text not in NO_TEXT] == []


@pytest.mark.parametrize(
    "template",
    [
        "<p>Pay now</p>",
        '<img alt="Pay now">',
        "{{ 'Pay now' }}",
        "{{ 'Pay now' if due else _('Stop') }}",
        "{% if due %}<b>Pay now</b>{% endif %}",
    ],
)
def test_a_text_in_a_template_is_found(template: str) -> None:
    assert literal_texts(template) == ["Pay now"]


@pytest.mark.parametrize(
    "template",
    ["<p>{{ _('Pay now') }}</p>", "<p>{% trans %}Pay now{% endtrans %}</p>", "<p class='big'> ·"],
)
def test_a_text_of_the_catalogues_is_none(template: str) -> None:
    assert literal_texts(template) == []


def test_a_sentence_in_a_module_is_found() -> None:
    source = '"""Words."""\nA = N_("Pay now")\nB = "Pay now"\nC = f"Pay {A}"\nD = "paid_late"\n'
    assert literal_sentences(source) == ["Pay now", "Pay "]
    assert len(SPEAKING) > 5
