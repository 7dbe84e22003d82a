from irve_bridge.payments.client import StripeSettings
from irve_bridge.payments.hand import StripePayments

__all__ = ["StripePayments", "StripeSettings"]
