"""The CSMS hand: signed callbacks, at least once, in order per session; and its word on id tags."""

from irve_bridge.csms.authorizer import CsmsAuthorizer
from irve_bridge.csms.callbacks import CallbackHand

__all__ = ["CallbackHand", "CsmsAuthorizer"]
