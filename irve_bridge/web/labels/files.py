"""Labels → files, each of them whole or as it was before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path

from irve_bridge.i18n import language
from irve_bridge.web.labels import pdf
from irve_bridge.web.labels.design import Label, draw
from irve_bridge.web.labels.png import png
from irve_bridge.web.labels.shapes import Drawing
from irve_bridge.web.labels.svg import svg

_A4 = "a4"


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes labels into a folder; `languages` are the codes of one or two of ours."""

    folder: Path
    languages: tuple[str, ...]
    formats: tuple[str, ...]

    def each(self, labels: Sequence[Label]) -> list[tuple[Path, str]]:
        """Write each label in every format of one label; return its files and its address."""
        return [written for label in labels for written in self._one(label)]

    def pages(self, labels: Sequence[Label], number: int) -> list[tuple[Path, str]]:
        """Write labels on pages of A4, if there are any; return the file and how many they are."""
        if not labels or _A4 not in self.formats:
            return []
        content = pdf.a4([self._drawing(label) for label in labels], _midnight(labels[0]))
        return [(self._put(f"a4-{number:04}.pdf", content), f"{len(labels)} labels")]

    def _one(self, label: Label) -> list[tuple[Path, str]]:
        drawing = self._drawing(label)
        drawn = {
            "pdf": lambda: pdf.a6(drawing, _midnight(label)),
            "svg": lambda: svg(drawing),
            "png": lambda: png(drawing),
        }
        name = f"{label.connector.charge_point_id}-{label.connector.number}"
        return [
            (self._put(f"{name}.{each}", drawn[each]()), label.url)
            for each in self.formats
            if each != _A4
        ]

    def _drawing(self, label: Label) -> Drawing:
        return draw(label, tuple(language(code) for code in self.languages))

    def _put(self, name: str, content: bytes) -> Path:
        file, partial = self.folder / name, self.folder / f".{name}.partial"
        try:
            partial.write_bytes(content)
            partial.replace(file)
        finally:
            partial.unlink(missing_ok=True)
        return file


def _midnight(label: Label) -> datetime:
    return datetime.combine(label.day, time(), UTC)
