"""How far a step is, and how long it will take."""

from __future__ import annotations

import time
from collections.abc import Callable

from .i18n import tr as _

_PATIENCE = 1.0  # seconds before a forecast is dared


class Forecast:
    """Turns steps into a text with counts and time left; clock: seconds, for tests."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._step = ""
        self._began = 0.0

    def report(self, step: str, done: int, total: int) -> tuple[str, float | None]:
        """Return what to show, and the fraction of the step that is done; None where it is not known."""
        now = self._clock()
        if step != self._step:
            self._step, self._began = step, now
        if total <= 1:
            return f"{step} …", None
        text = _("{step}: {done} of {total}").format(step=step, done=done, total=total)
        elapsed = now - self._began
        if 0 < done < total and elapsed > _PATIENCE:
            left = duration(elapsed * (total - done) / done)
            text += _(", about {time} left").format(time=left)
        return text, done / total


def duration(seconds: float) -> str:
    """Write seconds as a person says them."""
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
