"""What the provider says is a hint: stored once, it has its session looked at."""

from irve_bridge.domain.facts import ProviderSpoke
from irve_bridge.domain.intents import Do, Intent, Kind
from irve_bridge.domain.session import Session
from irve_bridge.service.handle import Work
from irve_bridge.service.ports import Tx


def hear(work: Work, hint: ProviderSpoke) -> str | None:
    """Store a hint under its event id and have the session it concerns observed; return its id."""
    session = _concerned(work.tx, hint)
    session_id = session.id if session else None
    if not work.tx.inbox.put(_key(hint), hint, session_id) or session is None:
        return session_id
    if session.customer_id and work.tx.intents.pending(session.id, Kind.OBSERVE, unclaimed=True):
        return session_id  # that look will see everything of its customer
    look = Intent(Do.OBSERVE, Kind.OBSERVE, {"object_ids": list(hint.object_ids)})
    work.tx.intents.add(session.id, look, hint.at)
    return session_id


def unheard(tx: Tx, hint: ProviderSpoke) -> Session | None:
    """Return the session that a hint concerns; None where it was heard, or is nobody's."""
    return None if tx.inbox.knows(_key(hint)) else _concerned(tx, hint)


def _concerned(tx: Tx, hint: ProviderSpoke) -> Session | None:
    session = tx.sessions.get(hint.session_id) if hint.session_id else None
    if session and (session.provider, session.account) == (hint.provider, hint.account):
        return session
    return tx.sessions.by_provider_object(hint.provider, hint.account, hint.object_ids)


def _key(hint: ProviderSpoke) -> str:
    return f"{hint.provider}:{hint.account}:{hint.event_id}"
