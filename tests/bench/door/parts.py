"""The processes of a run, each on a core of its own: servers on the first, the rest on the last."""

import asyncio
import contextlib
import json
import os
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE, LOAD_CORE = CORES[0], CORES[-1]
READY_S = 60.0
LINE_BYTES_MAX = 2**22
PINNED = """import os, sys
os.sched_setaffinity(0, {int(sys.argv[1])})
os.execvp(sys.argv[2], sys.argv[2:])"""


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def server(
    log: Path, *command: str, environment: Mapping[str, str] | None = None
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a server on its core while the context is open; what it says goes to the log."""
    with log.open("ab") as said:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", PINNED, str(SERVER_CORE), *command),
            cwd=ROOT,
            env=os.environ | (environment or {}),
            stdout=said,
            stderr=said,
        )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def listening(port: int, process: asyncio.subprocess.Process) -> None:
    """Return once somebody listens.

    Raises:
        RuntimeError: The process ended instead.
    """
    async with asyncio.timeout(READY_S):
        while True:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                return
            if process.returncode is not None:
                raise RuntimeError("the server ended by itself: see its log")
            await asyncio.sleep(0.05)


class Generator:
    """The load generator's process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def do(self, command: str, **options: Any) -> dict[str, Any]:
        """Have it do something and return what it found.

        Raises:
            RuntimeError: It ended instead; the reason stands on the terminal.
        """
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"do": command, **options}).encode() + b"\n")
        answer = await self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"the load generator ended at {command}")
        found: dict[str, Any] = json.loads(answer)
        return found


@asynccontextmanager
async def generator() -> AsyncIterator[Generator]:
    """Run a load generator on its core while the context is open."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.door.load", str(LOAD_CORE)),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=LINE_BYTES_MAX,
    )
    try:
        yield Generator(process)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
