"""Commands that take seconds: lines on stdout when done, one sentence on stderr when not."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable

from ..engine.errors import BSAFusionError


def run_plainly(action: Callable[[], Iterable[str]]) -> int:
    """Print what an action has done; returns the exit status: 0 done, 2 bad input, 130 stopped."""
    try:
        lines = list(action())
    except BSAFusionError as error:
        print(error.message, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Stopped: nothing was written.", file=sys.stderr)
        return 130
    print(*lines, sep="\n")
    return 0
