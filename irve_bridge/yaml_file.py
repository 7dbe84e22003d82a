"""A YAML file that a person writes: what stands in it, and in which line."""

from collections.abc import Iterator, Sequence
from typing import Any

import yaml


class Written:
    """What a YAML text says (`said`), and where.

    A key that stands twice in one mapping is refused: the last one would win in silence.
    """

    def __init__(self, text: str) -> None:
        """Read a text.

        Raises:
            yaml.YAMLError: It is no YAML, or says something twice; the error names the line.
        """
        loader = yaml.CSafeLoader(text)
        self._root = loader.get_single_node()
        for node in _mappings(self._root, set()):
            _refuse_twice(node)
        self.said: Any = loader.construct_document(self._root) if self._root else None

    def line(self, place: Sequence[str | int]) -> int:
        """Return in which line a place is, by keys and indices, or what should hold it."""
        node = self._root
        for part in place:
            within = _within(node, part)
            if within is None:
                break
            node = within
        return node.start_mark.line + 1 if node else 1


def _mappings(node: yaml.Node | None, seen: set[int]) -> Iterator[yaml.MappingNode]:
    if node is None or isinstance(node, yaml.ScalarNode) or id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        yield node
        inner = [value for _, value in node.value]
    else:
        inner = node.value
    for each in inner:
        yield from _mappings(each, seen)


def _refuse_twice(node: yaml.MappingNode) -> None:
    names: set[str] = set()
    for key, _ in node.value:
        if isinstance(key, yaml.ScalarNode):
            if key.value in names:
                raise yaml.MarkedYAMLError(
                    problem=f"{key.value}: stands there twice", problem_mark=key.start_mark
                )
            names.add(key.value)


def _within(node: yaml.Node | None, part: str | int) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == part), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int):
        return node.value[part]  # type: ignore[no-any-return]  # nodes have no types
    return None
