"""What Stripe told of an account in a span of time, whether or not its webhooks came."""

from collections.abc import AsyncIterator
from datetime import datetime

import stripe

from irve_bridge.domain.facts import ProviderSpoke
from irve_bridge.payments.client import PAGE, Account
from irve_bridge.payments.webhooks import read_event

MOVED_LATER = [
    "charge.dispute.closed",
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.refunded",
    "refund.failed",
    "refund.updated",
]
"""What comes when a session has ended, of what webhooks are registered for (see README.md): any
other event would be unheard of each time. A list takes 20 names at most."""


async def moved_later(
    account: Account, since: datetime, until: datetime
) -> AsyncIterator[ProviderSpoke]:
    """Yield what was told in [since, until) of refunds and disputes, page by page, newest first.

    Stripe goes back 30 days at most (https://docs.stripe.com/api/events/list).
    """
    asked: stripe.params.EventListParams = {
        "created": {"gte": int(since.timestamp()), "lt": int(until.timestamp()) + 1},
        "types": MOVED_LATER,
        "limit": PAGE,
    }
    while True:
        listed = await account.client.v1.events.list_async(asked, account.options())
        for event in listed.data:
            yield read_event(event.to_dict(), account.now(), account.id)
        if not listed.has_more:
            return
        asked["starting_after"] = listed.data[-1].id
