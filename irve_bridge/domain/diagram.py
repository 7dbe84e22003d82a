"""The lifecycle's table as text, as docs/lifecycle.md shows it.

`python -m irve_bridge.domain.diagram` prints it.
"""

import sys
from collections.abc import Iterable, Iterator

from irve_bridge.domain.lifecycle import TABLE
from irve_bridge.domain.session import State


def document() -> str:
    """Return the whole table in Markdown: a Mermaid state diagram, then one line for each row."""
    return "\n".join(["```mermaid", *diagram(), "```", "", *rows(), ""])


def diagram() -> Iterator[str]:
    """Yield a Mermaid stateDiagram of the ways between states; events that share one join it."""
    yield "stateDiagram-v2"
    yield f"    [*] --> {State.OPEN}"
    for before, after in dict.fromkeys((at, row.state) for (at, _), row in TABLE.items()):
        if before is not after:
            yield f"    {before} --> {after}: {'<br>'.join(_events(before, after))}"
    for state in State:
        if not any(at is state for at, _ in TABLE):
            yield f"    {state} --> [*]"


def rows() -> Iterator[str]:
    """Yield a Markdown table: where, what happened, where to, what is done and told."""
    yield "| state | event | next state | to do | callbacks |"
    yield "|---|---|---|---|---|"
    for (before, event), row in TABLE.items():
        yield f"| {before} | {event} | {row.state} | {_code(row.do)} | {_code(row.tell)} |"


def _events(before: State, after: State) -> Iterator[str]:
    """A colon would end a label in Mermaid."""
    for (at, event), row in TABLE.items():
        if (at, row.state) == (before, after):
            yield event.replace(":", ",")


def _code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


if __name__ == "__main__":
    sys.stdout.write(document())
