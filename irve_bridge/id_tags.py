"""Id tags as the operator writes them: rows of a CSV file, or the body of a request."""

import csv
import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationError,
    WithJsonSchema,
)

from irve_bridge.domain.errors import BridgeError
from irve_bridge.domain.id_tag import PATTERN, IdTag, IdTagStatus, folded


def _tag(text: str) -> str:
    if not re.fullmatch(PATTERN, text):
        raise ValueError("1 to 20 letters, digits and signs of ASCII are wanted, without spaces")
    return folded(text)


Tag = Annotated[str, AfterValidator(_tag)]


def _or_nothing(**text: str) -> WithJsonSchema:
    """Describe a text that may be left empty, or null."""
    return WithJsonSchema({"anyOf": [{"type": "string", **text}, {"enum": ["", None]}]})


def _no_gap(text: object) -> object:
    return None if text == "" else text


def _moment(told: object) -> datetime | None:
    """Return a moment in UTC; a bare number is none: 20270131 would be a day of 1970."""
    if told is None or told == "":
        return None
    at = told if isinstance(told, datetime) else datetime.fromisoformat(str(told))
    try:
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(str(error)) from error


class IdTagEntry(BaseModel):
    """What is said of one tag; a moment without a zone is in UTC."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    status: IdTagStatus = IdTagStatus.ACCEPTED
    parent_id_tag: Annotated[Tag | None, BeforeValidator(_no_gap), _or_nothing(pattern=PATTERN)] = (
        None
    )
    expires_at: Annotated[
        datetime | None, PlainValidator(_moment), _or_nothing(format="date-time")
    ] = None
    name: str = Field(default="", max_length=200, pattern=r"^[^\x00-\x1f]*$")

    def of(self, id_tag: str) -> IdTag:
        """Return the tag of this id."""
        return IdTag(
            id_tag=folded(id_tag),
            status=self.status,
            parent_id_tag=self.parent_id_tag,
            expires_at=self.expires_at,
            name=self.name,
        )


class IdTagRow(IdTagEntry):
    """The same with the tag's id."""

    id_tag: Tag

    @property
    def tag(self) -> IdTag:
        """The tag."""
        return self.of(self.id_tag)


class IdTagsRefused(BridgeError):
    """The file cannot be applied; nothing was."""


def read(path: Path) -> list[IdTag]:
    """Return the tags of a CSV file: id_tag, and status, parent_id_tag, expires_at, name if wanted.

    Raises:
        IdTagsRefused: Not readable, or something in it is wrong; each sentence names the line.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            lines = csv.DictReader(file, strict=True, restkey="beyond the head line")
            _refuse_head(path, lines.fieldnames or ())
            rows = [(lines.line_num, row) for row in lines]
    except UnicodeDecodeError as error:
        raise IdTagsRefused(f"{path}: save it as CSV in UTF-8 ({error})") from error
    except (OSError, csv.Error) as error:
        raise IdTagsRefused(f"{path}: {error}") from error
    tags, wrong = [], []
    for line, row in rows:
        if None in row:
            wrong.append(f"{path}:{line}: there is more in it than the head line names")
            continue
        try:
            tags.append(IdTagRow.model_validate(_filled(row)).tag)
        except ValidationError as error:
            wrong += [f"{path}:{line}: {sentence}" for sentence in sentences(error)]
    times = Counter(tag.id_tag for tag in tags)
    wrong += [
        f"{path}: the id tag {tag} stands there {n} times" for tag, n in times.items() if n > 1
    ]
    if wrong:
        raise IdTagsRefused("\n".join(wrong))
    return tags


def _refuse_head(path: Path, names: Sequence[str]) -> None:
    known = IdTagRow.model_fields
    if "id_tag" in names and known.keys() >= set(names) and len(set(names)) == len(names):
        return
    others = ", ".join(name for name in known if name != "id_tag")
    raise IdTagsRefused(
        f"{path}:1: the head line names id_tag, and {others} where they are wanted, "
        f"once each and with commas between; here it is {','.join(names)}"
    )


def _filled(row: dict[str, str]) -> dict[str, str]:
    """What is left blank is not said."""
    return {name: value for name, value in row.items() if value}


def sentences(error: ValidationError) -> list[str]:
    """Return what is wrong with a tag, a sentence for each field."""
    return [
        f"{'.'.join(str(part) for part in details['loc'])}: "
        f"{details['msg'].removeprefix('Value error, ')}"
        for details in error.errors()
    ]
