"""What a campaign came to: one line of JSON, and a sentence for each broken promise."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.chaos.audit import Kind, Violation
from tests.chaos.evidence import Evidence

ENDS = ("settled", "released", "abandoned", "due", "written_off", "review")


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A campaign's end."""

    kills: int
    nodes: int = 1
    seed: int
    seconds: float
    evidence: Evidence
    violations: Sequence[Violation]

    @property
    def figures(self) -> dict[str, Any]:
        """Return the line of JSON: sessions counted by their end, and by broken promise."""
        states = Counter(session.state for session in self.evidence.sessions)
        # A session may be wrong in several ways: it is counted once in each kind.
        broken = Counter(kind for kind, _ in {(v.kind, v.subject) for v in self.violations})
        return {
            "kills": self.kills,
            "nodes": self.nodes,
            "sessions": len(self.evidence.sessions),
            **{state: states[state] for state in ENDS},
            **{kind.value: broken[kind] for kind in Kind},
            "charges": len(self.evidence.charges),
            "refused_starts": sum(charge.refused for charge in self.evidence.charges),
            "callbacks": len(self.evidence.told),
            "seconds": self.seconds,
            "seed": self.seed,
        }

    @property
    def sentences(self) -> list[str]:
        """Return every broken promise, and every session that waits for a person."""
        waiting = [s for s in self.evidence.sessions if s.state == "review"]
        return [
            *(f"{v.kind}: {v.subject}: {v.what}" for v in self.violations),
            *(f"for a person: {session.id} ({session.plan})" for session in waiting),
        ]
