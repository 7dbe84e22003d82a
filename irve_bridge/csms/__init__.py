"""The CSMS hand: signed callbacks, at least once, in order per session."""

from irve_bridge.csms.callbacks import CallbackHand

__all__ = ["CallbackHand"]
