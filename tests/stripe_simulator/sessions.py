"""Checkout Sessions as the bridge opens them."""

from typing import Any

import stripe


async def checkout(client: stripe.StripeClient, **more: Any) -> stripe.checkout.Session:
    """Open a session that pays 25.00 EUR."""
    params: Any = {
        "mode": "payment",
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": "eur",
                    "unit_amount": 2500,
                    "product_data": {"name": "Charging"},
                },
            }
        ],
        "allowed_payment_method_types": ["card"],
        "customer_creation": "always",
        "success_url": "https://bridge.example/back?id={CHECKOUT_SESSION_ID}",
        "cancel_url": "https://bridge.example/cancel",
        "client_reference_id": "session-1",
        "metadata": {"session": "1"},
        "locale": "fr",
    }
    return await client.v1.checkout.sessions.create_async({**params, **more})


async def setup(client: stripe.StripeClient, **more: Any) -> stripe.checkout.Session:
    """Open a session that keeps a card."""
    params: Any = {
        "mode": "setup",
        "currency": "eur",
        "customer_creation": "always",
        "success_url": "https://bridge.example/back?id={CHECKOUT_SESSION_ID}",
        "setup_intent_data": {"metadata": {"session": "1"}},
    }
    return await client.v1.checkout.sessions.create_async({**params, **more})
