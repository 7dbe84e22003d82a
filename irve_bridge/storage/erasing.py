"""Who the driver was, deleted from everything that is kept of a session.

The session's own row is written by its fact; here goes what history, inbox and the calls made for
it repeat: e-mail addresses, the CSMS's name for the driver, what tells a card from others, and the
provider's messages.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from irve_bridge.domain.intents import Kind
from irve_bridge.storage.schema import attempts, history, inbox, intents

_PERSONAL = frozenset(
    {
        "email",
        "client_id",
        "to",
        "text",
        "client_reference_id",
        "customer_email",
        "receipt_email",
        "card_fingerprint",
    }
)
_HISTORY = select(history.c.sequence, history.c.fact).where(
    history.c.session_id == bindparam("of_session")
)
_REWRITE_HISTORY = update(history).where(
    history.c.session_id == bindparam("of_session"), history.c.sequence == bindparam("of_number")
)
_FORGET_INBOX = update(inbox).where(inbox.c.session_id == bindparam("of_session")).values(fact={})
_CALLBACKS = select(intents.c.id, intents.c.parameters).where(
    intents.c.session_id == bindparam("of_session"), intents.c.kind == Kind.CALLBACK.value
)
_REWRITE_CALLBACK = update(intents).where(intents.c.id == bindparam("of_intent"))
_ATTEMPTS = (
    select(attempts.c.intent_id, attempts.c.number, attempts.c.request)
    .join_from(attempts, intents, intents.c.id == attempts.c.intent_id)
    .where(intents.c.session_id == bindparam("of_session"))
)
_REWRITE_ATTEMPT = update(attempts).where(
    attempts.c.intent_id == bindparam("of_intent"), attempts.c.number == bindparam("of_number")
)


def erase(connection: Connection, session_id: str) -> None:
    """Rewrite what names the driver of one session; a second time changes nothing."""
    named = {"of_session": session_id}
    connection.execute(_FORGET_INBOX, named)
    for row in connection.execute(_HISTORY, named).all():
        rewritten = {"of_session": session_id, "of_number": row.sequence}
        connection.execute(_REWRITE_HISTORY, rewritten | {"fact": _told_by_nobody(row.fact)})
    for row in connection.execute(_CALLBACKS, named).all():
        rewritten = {"of_intent": row.id, "parameters": _nameless(row.parameters)}
        connection.execute(_REWRITE_CALLBACK, rewritten)
    for attempt in connection.execute(_ATTEMPTS, named).all():
        rewritten = {"of_intent": attempt.intent_id, "of_number": attempt.number}
        connection.execute(_REWRITE_ATTEMPT, rewritten | {"request": _nameless(attempt.request)})


def _told_by_nobody(fact: Mapping[str, Any]) -> dict[str, Any]:
    """Why the operator refunded is free text, and may name the driver."""
    reasoned = {"reason": None} if fact.get("type") == "RefundAsked" else {}
    return _nameless(fact) | reasoned


def _nameless(document: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: None
        if name in _PERSONAL
        else _nameless(value)
        if isinstance(value, Mapping)
        else value
        for name, value in document.items()
    }
