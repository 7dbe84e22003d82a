"""What the web room is given."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web
from prometheus_client import CollectorRegistry

from irve_bridge.service.accounts import Accounts
from irve_bridge.service.codes import Codes
from irve_bridge.service.control import Control
from irve_bridge.service.desk import Desk
from irve_bridge.service.inventory import Inventory
from irve_bridge.service.policy import Policy
from irve_bridge.service.ports import ALONE, Bus, Clock, Payments, Storage
from irve_bridge.service.registrations import Registrations
from irve_bridge.service.views import Views
from irve_bridge.web.content_policy import StripeJs

CHECKOUT_TIMEOUT_S = 20.0
"""How long a request waits for its checkout to open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """What the operator decides about the pages and the API.

    `checkout_origins` are where a checkout may send the driver's browser. Without `stripe_js` no
    payment is confirmed on our pages. `help_phone`: whom to call where no station is known.
    `trusted_proxies` is how many proxies of ours add to X-Forwarded-For; 0 trusts nobody.
    `throttle_per_minute` is how often one address may order, and how often it may ask for a quote.
    `operator_logins_per_minute` is how often one address, and one name, may try to sign in;
    `operator_time_zone` whose clock the operator's pages show.
    `folders` are those whose room `/metrics` tells.
    """

    base_url: str
    csms_api_keys: tuple[str, ...] = field(default=(), repr=False)
    checkout_origins: tuple[str, ...] = ("https://checkout.stripe.com",)
    stripe_js: StripeJs | None = None
    help_phone: str | None = None
    trusted_proxies: int = 0
    throttle_per_minute: float = 20
    operator_logins_per_minute: float = 6
    operator_time_zone: str = "Europe/Paris"
    folders: Mapping[str, Path] = field(default_factory=dict)

    @property
    def https(self) -> bool:
        """Whether drivers reach us over TLS, so that cookies may insist on it."""
        return self.base_url.startswith("https://")


@dataclass(frozen=True, slots=True, kw_only=True)
class WebContext:
    """The service behind the pages, and how to read the time, the money and the storage."""

    desk: Desk
    views: Views
    control: Control
    inventory: Inventory
    registrations: Registrations
    accounts: Accounts
    payments: Payments
    storage: Storage
    bus: Bus
    clock: Clock
    policy: Policy
    settings: WebSettings
    codes: Codes = field(default_factory=Codes)
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    node_id: str = ALONE


CONTEXT = web.AppKey("context", WebContext)
