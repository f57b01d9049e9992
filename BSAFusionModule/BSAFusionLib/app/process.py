"""A child process as the application sees it, whoever drives it."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from typing import Protocol


class ProcessListener(Protocol):
    """Hears of a process; every call comes on the main thread."""

    def on_output(self, data: bytes) -> None:
        """Take a piece of standard output, of any length."""

    def on_log(self, data: bytes) -> None:
        """Take a piece of standard error, of any length."""

    def on_exit(self, how: str) -> None:
        """Take note, once, that it has ended or never began; how says so in a few words."""


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
        subprocess.run(["taskkill", "/T", "/F", "/PID", str(pid)], capture_output=True, check=False)
        return
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return  # it has ended by itself
