"""What is wrong with a cohort, all of it at once."""

from __future__ import annotations

from dataclasses import dataclass

from ..engine.errors import InputError


@dataclass(frozen=True)
class Fault:
    """A reason why a pair cannot be fused: where in the cohort, which pair, why, in one sentence."""

    place: str
    id: str
    reason: str

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}"


class CohortError(InputError):
    """A cohort that cannot be run; faults holds every reason, the message all of them, one a line."""

    def __init__(self, message: str, faults: list[Fault]) -> None:
        super().__init__("\n".join([message, *(f"  {fault}" for fault in faults)]))
        self.faults = faults


def count(number: int, word: str) -> str:
    """Such as '1 pair' or '3 pairs'."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
