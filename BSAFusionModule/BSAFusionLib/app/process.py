"""A child process as the application sees it, whoever drives it."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

_KILLED = 9
_NO_WINDOW = 0x08000000  # of a console, which Windows would flash up


@dataclass(frozen=True)
class Exit:
    """How a process has ended: with an exit code, by a signal, or why it never began."""

    code: int = 0
    signal: int = 0
    reason: str = ""

    @property
    def sentence(self) -> str:
        """What a user is told when the process was still needed."""
        if self.reason:
            return (
                f"The computing process could not be started ({self.reason}): restart Slicer and run again."
            )
        if self.signal == _KILLED:
            return (
                f"The computing process was ended from outside (signal {self.signal}), most likely because "
                "memory ran out: close other programs or crop the volumes, then run again."
            )
        how = f"signal {self.signal}" if self.signal else f"exit code {self.code}"
        return (
            f"The computing process has crashed ({how}): run again, and if it comes back, run the self-check."
        )


class ProcessListener(Protocol):
    """Hears of a process; every call comes on the main thread."""

    def on_output(self, data: bytes) -> None:
        """Take a piece of standard output, of any length."""

    def on_log(self, data: bytes) -> None:
        """Take a piece of standard error, of any length."""

    def on_exit(self, how: Exit) -> None:
        """Take note, once, that it has ended or never began."""


class Process(Protocol):
    """One child process, started at most once."""

    def start(
        self, command: Sequence[str], environment: Mapping[str, str], listener: ProcessListener
    ) -> None:
        """Start it; environment holds what differs from ours."""

    def send(self, data: bytes) -> None:
        """Write to its standard input; without effect once it has ended."""

    def close_input(self) -> None:
        """Close its standard input, which tells the worker to end."""

    def kill(self) -> None:
        """End it without asking, and return when it has ended."""


def kill_group(pid: int) -> None:
    """End the process of that id, which leads its own group, and all that it has started."""
    if os.name == "nt":
        command = ["taskkill", "/T", "/F", "/PID", str(pid)]
        subprocess.run(command, capture_output=True, check=False, creationflags=_NO_WINDOW)
        return
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return  # it has ended by itself
