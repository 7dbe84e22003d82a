"""The mail hand: the session's link, the receipt, and what went otherwise."""

from irve_bridge.mail.hand import MailHand, Smtp

__all__ = ["MailHand", "Smtp"]
