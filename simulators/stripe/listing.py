"""Lists and expansion: https://docs.stripe.com/api/pagination and /api/expanding_objects."""

import copy
from collections.abc import Callable, Iterable
from typing import Any

from simulators.stripe.store import Account
from simulators.stripe.wire import InvalidParameterError, Object

PAGE = "limit starting_after ending_before"
DATED_PAGE = f"{PAGE} created"
_LIMIT_MAX = 100
_COMPARISONS: dict[str, Callable[[int, int], bool]] = {
    "gt": int.__gt__,
    "gte": int.__ge__,
    "lt": int.__lt__,
    "lte": int.__le__,
}
_KINDS = {
    "ch": "charge",
    "cs": "checkout.session",
    "cus": "customer",
    "du": "dispute",
    "fee": "application_fee",
    "pi": "payment_intent",
    "pm": "payment_method",
    "re": "refund",
    "setatt": "setup_attempt",
    "seti": "setup_intent",
    "txn": "balance_transaction",
}


def page(url: str, newest_first: Iterable[Object], params: Object) -> Object:
    """Return one page of a list object, newest first, at most 100 long."""
    limit = params.get("limit", 10)
    if not 1 <= limit <= _LIMIT_MAX:
        raise InvalidParameterError(
            f"This value must be between 1 and {_LIMIT_MAX}.",
            code="parameter_invalid_integer",
            param="limit",
        )
    rows = [row for row in newest_first if _created_within(row, params.get("created"))]
    if "starting_after" in params:
        rows = rows[_position(rows, params, "starting_after") + 1 :]
    if "ending_before" in params:
        rows = rows[: _position(rows, params, "ending_before")]
        shown = rows[-limit:]
    else:
        shown = rows[:limit]
    return {"object": "list", "url": url, "has_more": len(rows) > len(shown), "data": shown}


def matching(rows: Iterable[Object], params: Object, *names: str) -> list[Object]:
    """Return the rows whose named fields equal the parameters given."""
    wanted = {name: params[name] for name in names if name in params}
    return [row for row in rows if all(row.get(name) == value for name, value in wanted.items())]


def _created_within(row: Object, wanted: Any) -> bool:
    if wanted is None:
        return True
    if isinstance(wanted, int):
        return bool(row["created"] == wanted)
    return all(_COMPARISONS[name](row["created"], bound) for name, bound in wanted.items())


def _position(rows: list[Object], params: Object, name: str) -> int:
    for index, row in enumerate(rows):
        if row["id"] == params[name]:
            return index
    raise InvalidParameterError(
        f"No such object: '{params[name]}'", code="resource_missing", param=name
    )


def expanded(account: Account, obj: Object, paths: Iterable[str]) -> Object:
    """Return a copy of an answer with ids replaced by objects along the given paths."""
    answer = copy.deepcopy(obj)
    for path in paths:
        _expand(account, answer, path.split("."), path)
    return answer


def _expand(account: Account, node: Any, names: list[str], path: str) -> None:
    if isinstance(node, list):
        for item in node:
            _expand(account, item, names, path)
        return
    if not names or node is None:
        return
    if not isinstance(node, dict) or (names[0] not in node and not _include(account, node, names)):
        raise InvalidParameterError(
            f"This property cannot be expanded ({path}).", param=f"expand[{path}]"
        )
    node[names[0]] = _resolved(account, node[names[0]], path)
    _expand(account, node[names[0]], names[1:], path)


def _resolved(account: Account, value: Any, path: str) -> Any:
    if value is None or isinstance(value, dict | list):
        return value
    kind = _KINDS.get(str(value).split("_", maxsplit=1)[0])
    if kind is None or value not in account.objects[kind]:
        raise InvalidParameterError(
            f"This property cannot be expanded ({path}).", param=f"expand[{path}]"
        )
    return copy.deepcopy(account.objects[kind][value])


def _include(account: Account, node: Object, names: list[str]) -> bool:
    """Add a list that Stripe leaves out unless it is asked for; tell whether there is one."""
    if (node.get("object"), names[0]) == ("charge", "refunds"):
        rows = [row for row in account.all("refund") if row["charge"] == node["id"]]
        node["refunds"] = page(f"/v1/charges/{node['id']}/refunds", copy.deepcopy(rows), {})
        return True
    if (node.get("object"), names[0]) == ("checkout.session", "line_items"):
        node["line_items"] = copy.deepcopy(account.line_items[node["id"]])
        return True
    return False
