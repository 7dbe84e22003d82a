"""Id tags in a CSV file: read whole or refused with a sentence for each line."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from irve_bridge.domain.id_tag import IdTag, IdTagStatus
from irve_bridge.id_tags import IdTagsRefused, read


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "tags.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_says_what_it_says_and_the_usual_for_the_rest(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "id_tag,status,parent_id_tag,expires_at,name\n"
        "04ab,Blocked,fleet,2027-01-31,Ada\n"
        "04ac,,,,\n"
        "\n"
        "04ad\n"
        "04ae,,,20270131,\n",
    )
    expires_at = datetime(2027, 1, 31, tzinfo=UTC)
    assert read(path) == [
        IdTag(
            id_tag="04AB",
            status=IdTagStatus.BLOCKED,
            parent_id_tag="FLEET",
            expires_at=expires_at,
            name="Ada",
        ),
        IdTag(id_tag="04AC"),
        IdTag(id_tag="04AD"),
        IdTag(id_tag="04AE", expires_at=expires_at),
    ]
    assert read(written(tmp_path, "\ufeffid_tag\n04AC\n")) == [IdTag(id_tag="04AC")]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "id_tag\nlonger-than-twenty-letters\n",
            "tags.csv:2: id_tag: 1 to 20 letters, digits and signs of ASCII are wanted",
        ),
        ("id_tag\n04 AB\n", "tags.csv:2: id_tag: .*, without spaces"),
        ("id_tag,status\nA,Free\n", "tags.csv:2: status"),
        ("id_tag,status\n\n\nA,Free\n", "tags.csv:4: status"),
        ("id_tag,expires_at\nA,2027\n", "tags.csv:2: expires_at"),
        ("id_tag,expires_at\nA,0001-01-01T00:00+02:00\n", "tags.csv:2: expires_at"),
        ("id_tag,name\nA,\x1b[2J\n", "tags.csv:2: name"),
        ("id_tag,name\n,Ada\n", "tags.csv:2: id_tag: Field required"),
        ("tag\nA\n", "tags.csv:1: the head line names id_tag"),
        ("", "tags.csv:1: the head line names id_tag"),
        (
            "id_tag;status\nA;Blocked\n",
            "tags.csv:1: .*with commas between; here it is id_tag;status",
        ),
        ("id_tag,status,status\nA,Blocked,\n", "tags.csv:1: .*once each"),
        ("id_tag\nA\na\n", "the id tag A stands there 2 times"),
        ("id_tag\nA,B\n", "tags.csv:2: beyond the head line"),
    ],
)
def test_a_file_with_a_mistake_is_refused_whole(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(IdTagsRefused, match=sentence):
        read(written(tmp_path, text))


def test_a_file_of_another_encoding_is_named(tmp_path: Path) -> None:
    path = tmp_path / "tags.csv"
    path.write_bytes("id_tag,name\nA,Zoé\n".encode("latin-1"))
    with pytest.raises(IdTagsRefused, match=r"tags.csv: save it as CSV in UTF-8"):
        read(path)
