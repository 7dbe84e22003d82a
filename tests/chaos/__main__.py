"""`make chaos`: kill the bridge again and again under load, then audit what everybody paid.

KILLS says how often (200), SEED repeats the dice; with NODES=3 it is three bridges on PostgreSQL
and NATS, which are restarted and cut off as well. One line of JSON goes to stdout; the exit status
is 0 only if nobody was charged wrongly, twice or forgotten. Otherwise the folder stays.
"""

import asyncio
import json
import logging
import os
import random
import shutil
import sys
import tempfile
from pathlib import Path

from tests.chaos.campaign import run


def main() -> int:
    """Run one campaign; return the exit status."""
    kills = int(os.environ.get("KILLS") or 200)
    nodes = int(os.environ.get("NODES") or 1)
    seed = int(os.environ.get("SEED") or random.SystemRandom().randrange(10**6))
    # A request whose sender was killed is nothing to report.
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)
    folder = Path(tempfile.mkdtemp(prefix="irve-chaos-"))
    _say(f"SEED={seed} KILLS={kills} NODES={nodes}")
    try:
        result = asyncio.run(run(kills, seed, folder, _say, nodes=nodes))
    except BaseException:
        _say(f"it broke off: everything is in {folder}")
        raise
    sys.stdout.write(json.dumps(result.figures) + "\n")
    for sentence in result.sentences:
        _say(sentence)
    if result.violations:
        _say(f"SEED={seed} repeats the dice; database, log, ledger and callbacks are in {folder}")
        return 1
    shutil.rmtree(folder)
    return 0


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    raise SystemExit(main())
