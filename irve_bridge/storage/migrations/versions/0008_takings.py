"""What a day and a station brought in is added up from indexes alone."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INTEGER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
PAGE = 1000


def upgrade() -> None:
    """Let movements and receipts say where they belong, and receipts what they come to."""
    op.add_column(
        "movements", sa.Column("charge_point_id", TEXT, nullable=False, server_default="")
    )
    op.add_column("receipts", sa.Column("charge_point_id", TEXT, nullable=False, server_default=""))
    op.add_column("receipts", sa.Column("currency", TEXT, nullable=False, server_default=""))
    op.add_column("receipts", sa.Column("gross_minor", INTEGER, nullable=False, server_default="0"))
    op.add_column("receipts", sa.Column("vat_minor", INTEGER, nullable=False, server_default="0"))
    op.execute(
        "UPDATE movements SET charge_point_id = "
        "(SELECT charge_point_id FROM sessions WHERE sessions.id = movements.session_id)"
    )
    for page in _receipts():
        op.get_bind().execute(_SAY, [_said(*row) for row in page])
    day = ["at", "charge_point_id", "kind", "currency", "amount_minor"]
    op.drop_index("ix_movements_day", "movements")
    op.create_index("ix_movements_day", "movements", day)
    day = ["issued_at", "charge_point_id", "currency", "gross_minor", "vat_minor"]
    op.create_index("ix_receipts_day", "receipts", day)
    ended = sa.text("ended_at IS NOT NULL")
    op.create_index(
        "ix_sessions_ended",
        "sessions",
        ["ended_at", "id", "charge_point_id", "currency", "state", "energy_wh"],
        sqlite_where=ended,
        postgresql_where=ended,
    )
    op.create_index("ix_cdrs_created", "cdrs", ["created_at", "id"])


_SAY = sa.text(
    "UPDATE receipts SET charge_point_id = :place, currency = :currency, gross_minor = :gross, "
    "vat_minor = :vat WHERE operator = :operator AND number = :number"
)
_PAGE = sa.text(
    "SELECT operator, number, body FROM receipts WHERE (operator, number) > (:operator, :number) "
    "ORDER BY operator, number LIMIT :most"
)


def _receipts() -> Iterator[Sequence[Any]]:
    """Yield the papers, so many at once: their bodies are long."""
    place: dict[str, Any] = {"operator": "", "number": 0}
    while page := op.get_bind().execute(_PAGE, place | {"most": PAGE}).all():
        yield page
        place = {"operator": page[-1].operator, "number": page[-1].number}


def _said(operator: str, number: int, body: str) -> dict[str, Any]:
    """Return what a paper adds to what was billed; a credit note takes off it."""
    paper = json.loads(body)
    sign = -1 if paper["kind"] == "credit_note" else 1
    vat_minor = sum(tax["amount_minor"] for tax in paper["split"]["vat"])
    return {
        "operator": operator,
        "number": number,
        "place": paper["place"]["charge_point_id"],
        "currency": paper["currency"],
        "gross": sign * (paper["split"]["net_minor"] + vat_minor),
        "vat": sign * vat_minor,
    }
