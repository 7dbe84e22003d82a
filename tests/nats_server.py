"""A NATS server of our own, from a PyPI wheel, that can be killed and started again."""

import contextlib
import os
import socket
import subprocess
import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path

from tests.ports import free_port

PROGRAM = Path(sysconfig.get_path("scripts")) / "nats-server"
PATIENCE_S = 30


class NatsServer:
    """One server on one port, whatever becomes of its processes."""

    def __init__(self, *options: str) -> None:
        self._options = options
        self.port = free_port()
        self.url = f"nats://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Return once it takes connections; somebody may have its port for a moment."""
        command = [PROGRAM, "-a", "127.0.0.1", "-p", str(self.port), *self._options]
        until_s = time.monotonic() + PATIENCE_S
        while True:
            if self._process is None or self._process.poll() is not None:
                self._process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
            with contextlib.suppress(ConnectionError):
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            assert time.monotonic() < until_s, "nats-server takes no connection"
            time.sleep(0.01)

    def kill(self) -> None:
        """End it without a word to anybody."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


@contextlib.contextmanager
def nats_server(*options: str) -> Iterator[NatsServer]:
    """Run one while the context is open."""
    server = NatsServer(*options)
    server.start()
    try:
        yield server
    finally:
        server.kill()


@contextlib.contextmanager
def any_nats_server() -> Iterator[str]:
    """Give the URL of the server that TEST_NATS_URL names, else of one of our own."""
    if named := os.environ.get("TEST_NATS_URL"):
        yield named
    else:
        with nats_server() as server:
            yield server.url
