"""Ports that nobody listens on yet, others for each of the workers that run tests side by side."""

import contextlib
import itertools
import os
import re
import socket

_WORKER = int(re.sub(r"\D", "", os.environ.get("PYTEST_XDIST_WORKER", "")) or 0)
_RANGE = range(20_000 + 1000 * _WORKER, 21_000 + 1000 * _WORKER)
"""For each of a dozen workers, below the ports that outgoing connections are given."""
_PORTS = itertools.cycle([*_RANGE[os.getpid() % 1000 :], *_RANGE[: os.getpid() % 1000]])


def free_port() -> int:
    for port in _PORTS:
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("a cycle has no end")
