"""Rows become objects, whichever thread is the first to read some."""

import subprocess
import sys

FIRST_READS = """
import dataclasses, sys, threading, typing
import msgspec
from irve_bridge.storage.rows import from_row

sys.setswitchinterval(1e-6)
number = typing.Optional[typing.Annotated[int, msgspec.Meta(ge=0)]]
fields = [(f"f{i}", number) for i in range(30)]

class Row:
    _mapping = {name: i for i, (name, _) in enumerate(fields)}

def read(kind, together):
    together.wait()
    assert dataclasses.asdict(from_row(Row, kind)) == Row._mapping

for _ in range(300):
    kind, together = dataclasses.make_dataclass("Kind", fields), threading.Barrier(3)
    threads = [threading.Thread(target=read, args=(kind, together)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
"""


def test_threads_may_be_the_first_to_read_a_type_at_the_same_moment() -> None:
    """Without care the process crashes, seldom and in its first second."""
    ended = subprocess.run([sys.executable, "-c", FIRST_READS], check=False, capture_output=True)
    assert (ended.returncode, ended.stderr) == (0, b"")
