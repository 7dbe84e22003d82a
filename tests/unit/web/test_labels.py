"""A label is read by phones and by people, at arm's length and after years of weather."""

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import combinations
from xml.etree import ElementTree as ET

import pypdfium2
import pytest
import zxingcpp
from PIL import Image, ImageDraw
from pypdf import PdfReader

from irve_bridge.domain.charge_point import ChargePoint, Connector
from irve_bridge.domain.tariff import Tariff
from irve_bridge.domain.tariff_loading import load
from irve_bridge.i18n import languages
from irve_bridge.web.labels import pdf
from irve_bridge.web.labels.design import Label, draw
from irve_bridge.web.labels.letters import face
from irve_bridge.web.labels.png import png
from irve_bridge.web.labels.shapes import HEIGHT, WIDTH, Code, Drawing, Words
from irve_bridge.web.labels.svg import svg
from tests.unit.domain.test_tariff_loading import document, element

LANGUAGES = languages()
URL = "https://charge.example.com/s/CP1/2?k=yckoypxvkoet"
AT = datetime(2026, 11, 30, tzinfo=UTC)
SVG = "{http://www.w3.org/2000/svg}"
USUAL = load(
    document(element(), element("TIME", 3), element("PARKING_TIME", 6), element("FLAT", 0.5))
)
MANY = load(
    document(
        *(
            element(price=hour, restrictions={"start_time": f"{hour:02}:00"})
            for hour in range(1, 20)
        ),
        element(),
    )
)
LABEL = Label(
    charge_point=ChargePoint(
        id="CP1",
        name="Parking de la République",
        operator_name="Recharge Exemple",
        operator_phone="+33 1 23 45 67 89",
    ),
    connector=Connector(
        charge_point_id="CP1", number=2, evse_id="FR*EXA*E0001*2", power_w=22_000, tariff_id="ac"
    ),
    tariff=USUAL,
    url=URL,
    day=date(2026, 11, 30),
)
LONG = replace(
    LABEL,
    charge_point=replace(
        LABEL.charge_point,
        name="Aire de covoiturage de Saint-Julien-lès-Montbéliard, entrée nord, niveau -2",
        operator_name="Syndicat intercommunal d’énergie et de mobilité de Seine-et-Marne",
        operator_phone="+33 800 123 456 789",
    ),
    connector=replace(LABEL.connector, evse_id="FR*EXAMPLE*E00000000000000000012*12"),
    url="https://recharge.syndicat-energie-seine-et-marne.example.com/s/CHARGE-POINT-0000000012/12"
    "?k=yckoypxvkoet",
)


def drawing(label: Label = LABEL, *codes: str) -> Drawing:
    return draw(label, tuple(LANGUAGES[code] for code in codes or ("fr", "en")))


def read(picture: Image.Image) -> list[str]:
    """Return what a phone reads of a picture."""
    return [code.text for code in zxingcpp.read_barcodes(picture)]


def rendered(document: bytes) -> Image.Image:
    picture: Image.Image = pypdfium2.PdfDocument(document)[0].render(scale=3).to_pil()
    return picture


def words_of(document: bytes) -> str:
    text = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(document)).pages)
    return text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ")


def test_the_code_is_read_from_every_kind_of_file() -> None:
    drawn = drawing()
    assert read(Image.open(io.BytesIO(png(drawn)))) == [URL]
    assert read(rendered(pdf.a6(drawn, AT))) == [URL]


@pytest.mark.parametrize("name", ["x" * 3000, "a\nb\x07", " ", "\u200b", "\u202e\U0001f697"])
def test_a_name_that_nobody_could_print_keeps_no_label_from_being_drawn(name: str) -> None:
    point = replace(LABEL.charge_point, name=name, operator_name=name, operator_phone=name)
    drawn = drawing(replace(LABEL, charge_point=point))
    assert read(Image.open(io.BytesIO(png(drawn)))) == [URL]
    assert read(rendered(pdf.a6(drawn, AT))) == [URL]
    assert ET.fromstring(svg(drawn)).tag.endswith("svg")


def test_a_scratched_code_is_read() -> None:
    """Error correction Q gives back a quarter of it."""
    picture = Image.open(io.BytesIO(png(drawing()))).convert("RGB")
    middle, half = (picture.width // 2, round(56 / HEIGHT * picture.height)), 90
    ImageDraw.Draw(picture).rectangle(
        (middle[0] - half, middle[1] - half, middle[0] + half, middle[1] + half), "#047857"
    )
    assert read(picture) == [URL]


def test_four_labels_share_a_page_of_a4() -> None:
    labels = [replace(LABEL, url=f"{URL}{number}") for number in range(5)]
    document = pdf.a4([drawing(label) for label in labels], AT)
    sizes = [page.mediabox[2:] for page in PdfReader(io.BytesIO(document)).pages]
    assert [[round(float(side) / 72 * 25.4) for side in size] for size in sizes] == [[210, 297]] * 2
    assert sorted(read(rendered(document))) == [label.url for label in labels[:4]]


def test_people_read_what_it_is_what_it_costs_and_whom_to_call() -> None:
    words = words_of(pdf.a6(drawing(), AT))
    for told in (
        "Scannez pour",
        "payer sans compte",
        "Scan to pay without an account",
        "charge.example.com/s/CP1/2?k=yckoypxvkoet",
        "FR*EXA*E0001*2",
        "Parking de la République",
        "Point de charge 2 · Connector 2 · 22 kW",
        "0,468 €/kWh",
        "€0.468/kWh",
        "Prix TTC au 30 nov. 2026.",
        "Recharge Exemple",
        "+33 1 23 45 67 89",
    ):
        assert told in words, told


def test_equal_labels_make_equal_documents() -> None:
    assert pdf.a6(drawing(), AT) == pdf.a6(drawing(), AT)


@pytest.mark.parametrize("tariff", [None, MANY], ids=["none", "too many"])
def test_prices_that_cannot_be_read_are_said_to_be_on_the_page(tariff: Tariff | None) -> None:
    words = words_of(pdf.a6(drawing(replace(LABEL, tariff=tariff)), AT))
    assert "Les prix sont affichés" in words
    assert "€" not in words


def test_svg_is_xml_that_needs_no_font_and_says_its_words() -> None:
    root = ET.fromstring(svg(drawing(replace(LABEL, url=f"{URL}&l=<fr>"))))
    assert (root.get("width"), root.get("height")) == ("105mm", "148mm")
    assert root.find(f".//{SVG}text") is None
    assert root.findtext(f"{SVG}title") == "Parking de la République · FR*EXA*E0001*2"
    assert "k=yckoypxvkoet&l=<fr>" in str(root.findtext(f"{SVG}desc"))
    known = {each.get("id") for each in root.iterfind(f"{SVG}defs/{SVG}path")}
    assert {str(use.get("href"))[1:] for use in root.iter(f"{SVG}use")} == known


@pytest.mark.parametrize("codes", [(code,) for code in LANGUAGES] + [(c, "en") for c in LANGUAGES])
@pytest.mark.parametrize("label", [LABEL, LONG, replace(LONG, tariff=MANY)])
def test_nothing_leaves_the_paper_and_nothing_lies_on_something_else(
    label: Label, codes: tuple[str, ...]
) -> None:
    drawn = drawing(label, *dict.fromkeys(codes))
    boxes = list(_boxes(drawn))
    for left, top, right, bottom, what in boxes:
        assert 5 <= left < right <= WIDTH - 4.99, what
        assert 5 <= top < bottom <= HEIGHT - 4.99, what
    for one, other in combinations(boxes, 2):
        apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
        assert apart, (one, other)


def _boxes(drawn: Drawing) -> Iterator[tuple[float, float, float, float, str]]:
    """Yield what each line takes, from its capitals to below its letters, and the code's room."""
    for shape in drawn.shapes:
        match shape:
            case Words():
                right = shape.x + face(bold=shape.bold).width(shape.text, shape.size)
                top, bottom = shape.y - 0.76 * shape.size, shape.y + 0.2 * shape.size
                yield shape.x, top, right - 0.001, bottom, shape.text
            case Code():
                quiet = 4 * shape.size / len(shape.modules)
                right, bottom = shape.x + shape.size + quiet, shape.y + shape.size + quiet
                yield shape.x - quiet, shape.y - quiet, right, bottom, "the code"
