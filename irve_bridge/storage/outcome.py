"""What came of something that ran on another thread."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar, cast

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """What a unit returned or raised, on its way to another thread."""

    value: T | None = None
    error: BaseException | None = None

    @classmethod
    def of(cls, run: Callable[[], T]) -> "Outcome[T]":
        """Run it and return what came of it."""
        try:
            return cls(run())
        except BaseException as error:  # noqa: BLE001 - raised again where somebody waits for it
            return cls(error=error)

    def get(self) -> T:
        """Return or raise it."""
        if self.error is not None:
            raise self.error
        return cast("T", self.value)
