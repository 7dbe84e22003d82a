"""From where a page may load what (https://developer.mozilla.org/docs/Web/HTTP/Guides/CSP)."""

from dataclasses import dataclass
from typing import Self

STRIPE_JS = "/endive/stripe.js"
"""Stripe.js as of the API version that our SDK speaks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StripeJs:
    """Stripe's own script, by which a driver confirms a payment on our page, and what it reaches.

    It is never served by us (https://docs.stripe.com/js/including). The origins are those of
    https://docs.stripe.com/security/guide#content-security-policy.
    """

    public_key: str
    url: str = f"https://js.stripe.com{STRIPE_JS}"
    scripts: tuple[str, ...] = ("https://js.stripe.com", "https://*.js.stripe.com")
    frames: tuple[str, ...] = (
        "https://js.stripe.com",
        "https://*.js.stripe.com",
        "https://hooks.stripe.com",
    )
    connections: tuple[str, ...] = ("https://api.stripe.com",)

    @classmethod
    def served_by(cls, origin: str, public_key: str) -> Self:
        """Return the script of another Stripe, such as a simulated one, all of it at one origin."""
        return cls(
            public_key=public_key,
            url=f"{origin}{STRIPE_JS}",
            scripts=(origin,),
            frames=(origin,),
            connections=(origin,),
        )


def content_policy(checkout_origins: tuple[str, ...], stripe_js: StripeJs | None = None) -> str:
    """Return the policy of a page, for Stripe's script only where the page needs it.

    The checkout's origins are form targets: browsers follow a form's redirection under them.
    """
    script = stripe_js or _NONE
    policy = {
        "default-src": ("'none'",),
        "script-src": ("'self'", *script.scripts),
        "style-src": ("'self'",),
        "img-src": ("'self'",),
        "connect-src": ("'self'", *script.connections),
        "manifest-src": ("'self'",),
        "frame-src": script.frames or ("'none'",),
        "form-action": ("'self'", *checkout_origins),
        "base-uri": ("'none'",),
        "frame-ancestors": ("'none'",),
    }
    return "; ".join(f"{name} {' '.join(sources)}" for name, sources in policy.items())


_NONE = StripeJs(public_key="", url="", scripts=(), frames=(), connections=())
