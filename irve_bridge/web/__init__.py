"""The drivers', the CSMS's and the payment provider's door."""

from irve_bridge.web.app import create_app
from irve_bridge.web.content_policy import StripeJs
from irve_bridge.web.context import WebContext, WebSettings

__all__ = ["StripeJs", "WebContext", "WebSettings", "create_app"]
