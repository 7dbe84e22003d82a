"""The command line as a process of its own, forked from one that has imported everything.

Importing takes a second and a half; beyond that, the process is as its user starts it.
"""

import asyncio
import multiprocessing
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from subprocess import CompletedProcess
from tempfile import TemporaryDirectory

TIMEOUT_S = 60.0
_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["irve_bridge.bootstrap", "alembic.command", "rich.table"])


class Running:
    """A command that runs, with what `asyncio.subprocess.Process` has."""

    def __init__(self, process: multiprocessing.process.BaseProcess) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def send_signal(self, number: signal.Signals) -> None:
        """Raise ProcessLookupError if it has ended."""
        if self.returncode is not None:
            raise ProcessLookupError
        os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    async def wait(self) -> int:
        """Return the exit status once it has ended; several may wait."""
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        sentinel = os.dup(self._process.sentinel)
        loop.add_reader(sentinel, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(sentinel)
            os.close(sentinel)
        status = self.returncode
        assert status is not None
        return status


async def begin(words: tuple[str, ...], environment: Mapping[str, str], folder: Path) -> Running:
    """Start `irve-bridge` in a folder with exactly this environment; what it says is for nobody."""
    nobody = Path(os.devnull)
    arguments = (words, dict(environment), folder, (nobody, nobody, nobody))
    process = _context.Process(target=_main, args=arguments, daemon=True)
    await asyncio.to_thread(process.start)
    return Running(process)


def run(
    words: tuple[str, ...], environment: Mapping[str, str], folder: Path, typed: str = ""
) -> CompletedProcess[str]:
    """Run `irve-bridge` in a folder with exactly this environment; return what it said.

    `typed` comes in on its standard input.

    Raises:
        TimeoutError: It did not end.
    """
    with TemporaryDirectory() as name:
        streams = [Path(name) / stream for stream in ("stdin", "stdout", "stderr")]
        streams[0].write_text(typed)
        process = _context.Process(target=_main, args=(words, dict(environment), folder, streams))
        process.start()
        process.join(TIMEOUT_S)
        if process.exitcode is None:
            process.kill()
            raise TimeoutError(f"irve-bridge {' '.join(words)}")
        return CompletedProcess(
            words, process.exitcode, *(path.read_text() for path in streams[1:])
        )


def _main(
    words: tuple[str, ...], environment: dict[str, str], folder: Path, streams: Sequence[Path]
) -> None:
    for number, path in enumerate(streams):
        os.dup2(os.open(path, os.O_RDWR | os.O_CREAT), number)
    sys.stdin = os.fdopen(0)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    from irve_bridge.cli import main  # noqa: PLC0415 - its console looks at the environment

    sys.exit(main(["--env-file", os.devnull, *words]))
