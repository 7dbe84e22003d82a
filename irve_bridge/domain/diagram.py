"""The lifecycle's table as text, as docs/lifecycle.md shows it.

`python -m irve_bridge.domain.diagram` prints it.
"""

import sys
from collections.abc import Iterable, Iterator

from irve_bridge.domain.lifecycle import DONE, TABLE, Event, Row
from irve_bridge.domain.session import State


def document() -> str:
    """Return the whole table in Markdown: a Mermaid diagram, its rows, and those beside it."""
    return "\n".join(["```mermaid", *diagram(), "```", "", *rows(), "", *beside(), ""])


def diagram() -> Iterator[str]:
    """Yield a Mermaid stateDiagram of the ways between states; events that share one join it."""
    yield "stateDiagram-v2"
    yield f"    [*] --> {State.OPEN}"
    for before, after in dict.fromkeys((at, row.state) for (at, _), row in TABLE.items()):
        if before is not after:
            yield f"    {before} --> {after}: {'<br>'.join(_events(before, after))}"
    for state in State:
        if state in DONE:
            yield f"    {state} --> [*]"


def rows() -> Iterator[str]:
    """Yield a Markdown table: where, what happened, where to, what is done and told."""
    yield "| state | event | next state | to do | callbacks |"
    yield "|---|---|---|---|---|"
    for (before, event), row in TABLE.items():
        if event not in _BESIDE:
            yield f"| {before} | {event} | {row.state} | {_code(row.do)} | {_code(row.tell)} |"


def beside() -> Iterator[str]:
    """Yield a Markdown table of what happens alike in many states and leads out of none."""
    yield "| event | in the states | to do | callbacks |"
    yield "|---|---|---|---|"
    for event, found in _BESIDE.items():
        row = next(iter(found.values()))
        states = ", ".join(state for state in State if state in found)
        yield f"| {event} | {states} | {_code(row.do)} | {_code(row.tell)} |"


def _rows_beside() -> Iterator[tuple[Event, dict[State, Row]]]:
    for event in Event:
        found = {at: row for (at, of), row in TABLE.items() if of is event}
        stays = all(row.state is at for at, row in found.items())
        alike = len({(row.do, row.tell) for row in found.values()}) == 1
        if len(found) >= _MANY and stays and alike:
            yield event, found


_MANY = 4
_BESIDE = dict(_rows_beside())


def _events(before: State, after: State) -> Iterator[str]:
    """A colon would end a label in Mermaid."""
    for (at, event), row in TABLE.items():
        if (at, row.state) == (before, after):
            yield event.replace(":", ",")


def _code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


if __name__ == "__main__":
    sys.stdout.write(document())
