from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Belongings:
    """What was put into this charge point; it survives the connection."""

    list_version: int = 0
    profiles: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    certificates: list[tuple[str, str]] = field(default_factory=list)
