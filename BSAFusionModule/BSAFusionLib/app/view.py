"""What the controller shows, and to whom: the panel, a script, or a test that records."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from ..engine.errors import BSAFusionError
from ..scene.outputs import Published


class State(enum.Enum):
    """Where a run stands."""

    IDLE = "idle"
    INSTALLING = "installing"
    RUNNING = "running"
    CANCELLING = "cancelling"
    DONE = "done"
    FAILED = "failed"

    @property
    def is_busy(self) -> bool:
        """Whether another run cannot be started."""
        return self in (State.INSTALLING, State.RUNNING, State.CANCELLING)


class Tone(enum.Enum):
    """How what has ended is to be taken."""

    GOOD = "good"
    CHECK = "check"
    DO_NOT_USE = "do not use"
    FAILED = "failed"
    NOTE = "note"


@dataclass(frozen=True)
class Outcome:
    """How a run has ended.

    message: sentences, or the report of a self-check. title: the verdict in a few words, where there is one.
    reasons: why that is the verdict. warnings: what else the message says. details: to unfold.
    published: the ids of the nodes it has made.
    error: what went wrong.
    page: writes the report as HTML; it reads the volumes again, and raises BSAFusionError once they are gone.
    """

    message: str
    details: str = ""
    published: Published | None = None
    error: BSAFusionError | None = None
    title: str = ""
    tone: Tone = Tone.NOTE
    reasons: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    page: Callable[[], str] | None = None


class View(Protocol):
    """Shows a run; every call comes on the main thread."""

    def show_state(self, state: State) -> None:
        """Take note of a new state."""

    def show_progress(self, text: str, fraction: float | None) -> None:
        """Show what is done now; fraction from 0 to 1, None where it is not known."""

    def show_log(self, text: str) -> None:
        """Add one line to the log."""

    def show_outcome(self, outcome: Outcome) -> None:
        """Show how the run has ended."""
