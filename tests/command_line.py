"""The command line as a process of its own, begun from one that has imported the libraries."""

import multiprocessing
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from subprocess import CompletedProcess
from tempfile import TemporaryDirectory

LIBRARIES = ["aiohttp", "alembic", "babel", "pyocmf", "rich.table", "sqlalchemy", "stripe", "yaml"]
"""They take a second; the bridge itself is imported by each command anew, as it is."""
TIMEOUT_S = 60.0
_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(LIBRARIES)


def run(
    words: tuple[str, ...], environment: Mapping[str, str], folder: Path
) -> CompletedProcess[str]:
    """Run `irve-bridge` in a folder with exactly this environment; return what it said.

    Raises:
        TimeoutError: It did not end.
    """
    with TemporaryDirectory() as name:
        said = [Path(name) / stream for stream in ("stdout", "stderr")]
        process = _context.Process(target=_main, args=(words, dict(environment), folder, *said))
        process.start()
        process.join(TIMEOUT_S)
        if process.exitcode is None:
            process.kill()
            raise TimeoutError(f"irve-bridge {' '.join(words)}")
        return CompletedProcess(words, process.exitcode, *(path.read_text() for path in said))


def _main(
    words: tuple[str, ...], environment: dict[str, str], folder: Path, out: Path, err: Path
) -> None:
    for stream, path in ((sys.stdout, out), (sys.stderr, err)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), stream.fileno())
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    from irve_bridge.cli import main  # noqa: PLC0415 - in the environment of the command

    sys.exit(main(["--env-file", os.devnull, *words]))
