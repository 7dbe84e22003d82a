"""A node as a process: serves a charge point, and says when it was taken.

python -m tests.integration.bus.node NATS_URL CHARGE_POINT_ID
"""

import asyncio
import sys

from irve_bridge.bus.nats import open_nats_bus


async def main(url: str, charge_point_id: str) -> None:
    taken = asyncio.Event()

    async def echo(command: bytes) -> bytes:
        return command

    async with open_nats_bus(url) as bus, bus.serve(charge_point_id, echo, taken.set):
        sys.stdout.write("serving\n")
        sys.stdout.flush()
        await taken.wait()
        sys.stdout.write("taken\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
