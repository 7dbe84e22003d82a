"""An event → a hint to look. What it claims is never believed, only looked up."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import stripe

from irve_bridge.domain.facts import ProviderSpoke
from irve_bridge.service.ports import SignatureRefused

_REFERENCES = ("payment_intent", "setup_intent", "customer", "charge", "latest_charge")


def read_webhook(
    body: bytes, signature: str, secrets: Iterable[str], at: datetime
) -> ProviderSpoke:
    """Return the objects and the session that an event names.

    Signatures are of real time: one older than five minutes is refused
    (https://docs.stripe.com/webhooks#verify-manually).

    Raises:
        SignatureRefused: Not signed with any of the secrets, or not an event.
    """
    if not any(_signed(body, signature, secret) for secret in secrets):
        raise SignatureRefused("the webhook is not signed with our secret")
    try:
        return read_event(json.loads(body), at)
    except (ValueError, LookupError, TypeError, AttributeError):
        raise SignatureRefused("the webhook is signed, but is no event") from None


def read_event(event: Mapping[str, Any], at: datetime, listed_at: str = "") -> ProviderSpoke:
    """Return the objects and the session that an event names.

    `listed_at` is the account that was asked for it: only webhooks always say whose they are.

    Raises:
        ValueError, LookupError, TypeError, AttributeError: It is no event.
    """
    thing: Mapping[str, Any] = event["data"]["object"]
    session_id = (thing.get("metadata") or {}).get("session_id")
    account = event.get("account") or listed_at
    _only_text(event["id"], event["type"], account, session_id or "", *_object_ids(thing))
    return ProviderSpoke(
        at=at,
        provider="stripe",
        account=account,
        event_id=event["id"],
        type=event["type"],
        object_ids=_object_ids(thing),
        session_id=session_id,
    )


def _only_text(*named: object) -> None:
    """Ids are text that can be stored; whatever else signs itself is no event.

    Raises:
        TypeError, UnicodeEncodeError: Something else.
    """
    for each in named:
        if not isinstance(each, str):
            raise TypeError(each)
        each.encode()


def _signed(body: bytes, signature: str, secret: str) -> bool:
    try:
        stripe.WebhookSignature.verify_header(
            body, signature, secret, stripe.Webhook.DEFAULT_TOLERANCE
        )
    except (stripe.SignatureVerificationError, UnicodeDecodeError):
        return False
    return True


def _object_ids(thing: Mapping[str, Any]) -> tuple[str, ...]:
    named = [thing.get("id"), *(thing.get(name) for name in _REFERENCES)]
    ids = (each["id"] if isinstance(each, Mapping) else each for each in named if each)
    return tuple(dict.fromkeys(ids))
