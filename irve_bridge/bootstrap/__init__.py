"""The composition root: Settings → a running bridge. The only importer of every room."""

from irve_bridge.bootstrap.from_settings import tls_settings
from irve_bridge.bootstrap.offline import offline_desk, offline_reconciler
from irve_bridge.bootstrap.process import raise_file_limit, serve
from irve_bridge.bootstrap.running import Bridge, running

__all__ = [
    "Bridge",
    "offline_desk",
    "offline_reconciler",
    "raise_file_limit",
    "running",
    "serve",
    "tls_settings",
]
