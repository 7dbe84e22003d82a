"""What a span of time brought in: three ranges of three indexes, whose tables nobody opens."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    bindparam,
    case,
    cast,
    func,
    literal,
    select,
    text,
    tuple_,
    union_all,
)

from irve_bridge.service.ports import CHARGED, DISPUTED, REFUNDED, TakingsTally
from irve_bridge.storage.columns import Integer, Text, unindexed
from irve_bridge.storage.rows import from_row
from irve_bridge.storage.schema import movements, receipts, sessions

_FIGURES = (
    "charged_minor",
    "refunded_minor",
    "disputed_minor",
    "billed_minor",
    "vat_minor",
    "sessions",
    "energy_wh",
)


def _part(at: ColumnElement[datetime], table: Any, **figures: Any) -> Select[Any]:
    """Return rows of one table with their figures; those of the other tables are 0."""
    told = (figures.get(name, literal(0, Integer)) for name in _FIGURES)
    return select(
        table.c.charge_point_id,
        table.c.currency,
        *(figure.label(name) for figure, name in zip(told, _FIGURES, strict=True)),
    ).where(at >= bindparam("since"), at < bindparam("until"))


def _of_kind(signs: Mapping[str, int]) -> ColumnElement[int]:
    amount = movements.c.amount_minor
    cases = ((movements.c.kind == kind, sign * amount) for kind, sign in signs.items())
    return case(*cases, else_=0)


_PARTS = (
    _part(
        movements.c.at,
        movements,
        charged_minor=_of_kind(CHARGED),
        refunded_minor=_of_kind(REFUNDED),
        disputed_minor=_of_kind(DISPUTED),
    ),
    _part(
        receipts.c.issued_at,
        receipts,
        billed_minor=receipts.c.gross_minor,
        vat_minor=receipts.c.vat_minor,
    ),
    _part(
        sessions.c.ended_at,
        sessions,
        sessions=literal(1, Integer),
        energy_wh=func.coalesce(sessions.c.energy_wh, 0),
    ).where(unindexed(sessions.c.state) == text("'settled'")),
)


_place = bindparam("of_charge_point", type_=Text)
_AT_ONE = [
    part.where(unindexed(part.selected_columns.charge_point_id) == _place) for part in _PARTS
]


def _sums(parts: Iterable[Select[Any]], *, by_station: bool = False) -> Select[Any]:
    rows = union_all(*parts).subquery("rows").c
    # PostgreSQL sums to decimals.
    sums = (cast(func.sum(rows[name]), BigInteger).label(name) for name in _FIGURES)
    if not by_station:
        place = _place.label("charge_point_id")
        return select(place, rows.currency, *sums).group_by(rows.currency).order_by(rows.currency)
    by = (rows.charge_point_id, rows.currency)
    behind = tuple_(*map(unindexed, by)) > tuple_(
        bindparam("after", type_=Text), bindparam("after_currency", type_=Text)
    )
    found = select(*by, *sums).where(behind).group_by(*by).order_by(*by)
    return found.limit(bindparam("most"))


_OF_ALL, _OF_ONE = _sums(_PARTS), _sums(_AT_ONE)
_BY_STATION = _sums(_PARTS, by_station=True)


def of(
    connection: Connection, since: datetime, until: datetime, charge_point_id: str | None
) -> list[TakingsTally]:
    """Return what [since, until) brought in, at one station or at all, by currency."""
    span = {"since": since, "until": until, "of_charge_point": charge_point_id or ""}
    rows = connection.execute(_OF_ONE if charge_point_id else _OF_ALL, span)
    return [from_row(row, TakingsTally) for row in rows]


def by_station(
    connection: Connection, since: datetime, until: datetime, limit: int, after: tuple[str, str]
) -> list[TakingsTally]:
    """Return what [since, until) brought in, by station and currency, behind one of these."""
    charge_point_id, currency = after
    place = {"after": charge_point_id, "after_currency": currency, "most": limit}
    rows = connection.execute(_BY_STATION, {"since": since, "until": until} | place)
    return [from_row(row, TakingsTally) for row in rows]
