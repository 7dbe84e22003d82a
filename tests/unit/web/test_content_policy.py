"""Where a page may load from: nowhere but here, and Stripe's script only where it is needed."""

from irve_bridge.web.content_policy import StripeJs, content_policy

CHECKOUT = ("https://checkout.stripe.com",)


def directives(policy: str) -> dict[str, list[str]]:
    return {name: sources for name, *sources in (each.split() for each in policy.split("; "))}


def test_a_page_loads_from_here_alone() -> None:
    policy = directives(content_policy(CHECKOUT))
    assert policy.pop("form-action") == ["'self'", *CHECKOUT]
    assert {source for sources in policy.values() for source in sources} == {"'self'", "'none'"}


def test_stripe_s_script_adds_what_stripe_documents_and_no_more() -> None:
    """https://docs.stripe.com/security/guide#content-security-policy."""
    usual = directives(content_policy(CHECKOUT))
    policy = directives(content_policy(CHECKOUT, StripeJs(public_key="pk_live_1")))
    scripts = ["https://js.stripe.com", "https://*.js.stripe.com"]
    assert policy == usual | {
        "script-src": ["'self'", *scripts],
        "connect-src": ["'self'", "https://api.stripe.com"],
        "frame-src": [*scripts, "https://hooks.stripe.com"],
    }


def test_the_script_is_stripe_s_own() -> None:
    """https://docs.stripe.com/js/including: never served by us."""
    assert StripeJs(public_key="pk_live_1").url == "https://js.stripe.com/endive/stripe.js"


def test_another_stripe_serves_its_script_itself() -> None:
    origin = "http://127.0.0.1:8460"
    simulated = StripeJs.served_by(origin, "pk_test_1")
    assert simulated.url == f"{origin}/endive/stripe.js"
    policy = directives(content_policy((origin,), simulated))
    assert policy["frame-src"] == [origin]
    assert "stripe.com" not in content_policy((origin,), simulated)
