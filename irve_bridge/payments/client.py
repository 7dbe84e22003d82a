"""The way to Stripe: its client, and the account that a session's calls go to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import stripe

from irve_bridge.domain.session import Session
from irve_bridge.payments import measured
from irve_bridge.service.ports import Clock

_SHORTEST_CHECKOUT, _LONGEST_CHECKOUT = timedelta(minutes=30), timedelta(hours=24)
PAGE = 100
"""Objects per listing. A customer is one session's alone, so that one page holds all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StripeSettings:
    """How to reach Stripe and what drivers see there.

    The templates hold `{token}`, the driver's link. Stripe wants a checkout to stay open for
    30 minutes at least. Several webhook secrets are valid at once while one is being replaced.

    Raises:
        ValueError: A live key for a server that is not Stripe's, or a life that Stripe refuses.
    """

    secret_key: str = field(repr=False)
    webhook_secrets: tuple[str, ...] = field(repr=False)
    return_url_template: str
    cancel_url_template: str
    api_base: str = stripe.DEFAULT_API_BASE
    timeout_s: float = 20.0
    checkout_expires_after: timedelta = timedelta(minutes=31)

    def __post_init__(self) -> None:
        host = urlsplit(self.api_base).hostname or ""
        if "_live_" in self.secret_key and not host.endswith(".stripe.com"):
            raise ValueError("a live Stripe key is only ever sent to Stripe")
        if not _SHORTEST_CHECKOUT < self.checkout_expires_after <= _LONGEST_CHECKOUT:
            raise ValueError("a checkout must stay open for 30 minutes to 24 hours")

    def return_url(self, session: Session) -> str:
        """Return where Stripe sends the driver who has paid."""
        return self.return_url_template.replace("{token}", session.token)

    def cancel_url(self, session: Session) -> str:
        """Return where Stripe sends the driver who turns back."""
        return self.cancel_url_template.replace("{token}", session.token)


class Http(stripe.AIOHTTPClient):
    """The way to Stripe: at less than half the processor time of the library's usual client."""

    def __init__(self, timeout_s: float) -> None:
        super().__init__(timeout=aiohttp.ClientTimeout(total=timeout_s))

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None
    ) -> tuple[Any, int, Mapping[str, str]]:
        """Make a request; an answer that breaks off has not arrived either.

        Raises:
            stripe.APIConnectionError: No whole answer.
        """
        with measured.request(method, url) as answered:
            answer = await self._once(method, url, headers, post_data)
            answered(answer[1])
            return answer

    async def _once(
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any
    ) -> tuple[Any, int, Mapping[str, str]]:
        # aiohttp makes a GET or DELETE again by itself: here a call is made once. No public name.
        self._session._retry_connection = False  # noqa: SLF001
        try:
            return await super().request_async(method, url, headers, post_data)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise stripe.APIConnectionError(str(error), should_retry=True) from error  # type: ignore[no-untyped-call] # the SDK left it untyped


def connect(settings: StripeSettings, http_client: stripe.HTTPClient) -> stripe.StripeClient:
    """Return a client that tries once: what an attempt became is judged by the dispatcher."""
    stripe.enable_telemetry = False
    return stripe.StripeClient(
        settings.secret_key,
        base_addresses={"api": settings.api_base},
        http_client=http_client,
        max_network_retries=0,
    )


@dataclass(frozen=True, slots=True)
class Account:
    """The Stripe account that a session's objects live in, as one call sees it."""

    client: stripe.StripeClient
    settings: StripeSettings
    clock: Clock
    id: str

    def now(self) -> datetime:
        """Return the moment at which something was learnt."""
        return self.clock.now()

    def options(self, idempotency_key: str | None = None) -> stripe.RequestOptions:
        """Return the headers of a request, with a key for those that have an effect."""
        options: stripe.RequestOptions = {}
        if self.id:
            options["stripe_account"] = self.id
        if idempotency_key:
            options["idempotency_key"] = idempotency_key
        return options


def metadata_of(thing: Any) -> Mapping[str, str]:
    """Return the metadata of a Stripe object, empty where it has none."""
    metadata = getattr(thing, "metadata", None)
    return {} if metadata is None else dict(metadata.to_dict())


def id_of(reference: Any) -> str | None:
    """Return the id behind a reference, which Stripe may have expanded to the object."""
    return reference if reference is None or isinstance(reference, str) else str(reference.id)
