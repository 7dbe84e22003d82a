"""The parts of a demo as processes: started in order, watched, and ended together."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parent.parent
STOP_S = 10.0
Say = Callable[[str, str], None]


class PartFailed(Exception):
    """A part ended by itself; the sentence says where its last words are."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Starts modules of this repository; what they say goes to a file each and to `say`."""

    folder: Path
    environment: Mapping[str, str]
    say: Say
    running: dict[str, asyncio.subprocess.Process] = field(default_factory=dict)

    @asynccontextmanager
    async def part(self, name: str, module: str, *arguments: str) -> AsyncIterator[None]:
        """Run one module while the context is open; it has said its first word by then.

        Raises:
            PartFailed: It ended instead.
        """
        process = await self._start(module, *arguments)
        self.running[name] = process
        spoken = asyncio.Event()
        listening = asyncio.create_task(self._listen(name, process, spoken))
        try:
            await asyncio.wait(
                {asyncio.ensure_future(spoken.wait()), listening},
                return_when=asyncio.FIRST_COMPLETED,
            )
            self.check()
            yield
        finally:
            del self.running[name]
            await _end(process)
            await listening

    async def run(self, module: str, *arguments: str, given: str = "") -> None:
        """Run one module to its end; `given` is its standard input.

        Raises:
            PartFailed: It did not end well.
        """
        process = await self._start(module, *arguments)
        try:
            said, _ = await process.communicate(given.encode())
        finally:
            await _end(process)
        if process.returncode:
            raise PartFailed(f"{module} {' '.join(arguments)}: {said.decode().strip()}")

    def check(self) -> None:
        """Raise PartFailed if a part has ended by itself."""
        for name, process in self.running.items():
            if process.returncode is not None:
                raise PartFailed(f"{name} ended: see {self._file(name)}")

    async def _start(self, module: str, *arguments: str) -> asyncio.subprocess.Process:
        """In a session of its own: Ctrl-C is the demo's to handle."""
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            module,
            *arguments,
            cwd=ROOT,
            env=os.environ | self.environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )

    async def _listen(
        self, name: str, process: asyncio.subprocess.Process, spoken: asyncio.Event
    ) -> None:
        with self._file(name).open("wb") as file:
            while process.stdout and (line := await process.stdout.readline()):
                spoken.set()
                file.write(line)
                self.say(name, line.decode().rstrip())
        await process.wait()

    def _file(self, name: str) -> Path:
        return self.folder / f"{name.replace(' ', '_')}.log"


async def _end(process: asyncio.subprocess.Process) -> None:
    """Ask it to stop; one that does not is killed."""
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(STOP_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
