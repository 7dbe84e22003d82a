"""A CSMS's callback receiver (Standard Webhooks 1.0), for demonstrations and tests."""

from .app import INBOX, create_app, serve
from .inbox import Callback, Inbox

__all__ = ["INBOX", "Callback", "Inbox", "create_app", "serve"]
