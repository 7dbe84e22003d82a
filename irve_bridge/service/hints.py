"""Webhooks are hints: stored once, they have their session looked at."""

from irve_bridge.domain.facts import ProviderSpoke
from irve_bridge.domain.intents import Do, Intent, Kind
from irve_bridge.service.handle import Work


def hear(work: Work, hint: ProviderSpoke) -> None:
    """Store a webhook under its event id and have the session it concerns observed."""
    session = work.tx.sessions.get(hint.session_id) if hint.session_id else None
    if session and (session.provider, session.account) != (hint.provider, hint.account):
        session = None
    session = session or work.tx.sessions.by_provider_object(
        hint.provider, hint.account, hint.object_ids
    )
    key = f"{hint.provider}:{hint.account}:{hint.event_id}"
    if not work.tx.inbox.put(key, hint, session.id if session else None) or session is None:
        return
    if session.customer_id and work.tx.intents.pending(session.id, Kind.OBSERVE, unclaimed=True):
        return  # that look will see everything of its customer
    look = Intent(Do.OBSERVE, Kind.OBSERVE, {"object_ids": list(hint.object_ids)})
    work.tx.intents.add(session.id, look, hint.at)
    work.changed.append(session)
