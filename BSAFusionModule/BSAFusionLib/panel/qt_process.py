"""The worker's process and the event loop, driven by Qt."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence

import qt

from ..app.process import Exit, ProcessListener

_KILL_MILLISECONDS = 1000  # it takes about 20


class QtProcess:
    """A child process whose output comes through Qt's event loop."""

    def __init__(self) -> None:
        self._process = qt.QProcess()
        self._listener: ProcessListener | None = None

    def start(
        self, command: Sequence[str], environment: Mapping[str, str], listener: ProcessListener
    ) -> None:
        """Start it; a command that cannot be run is told to the listener as an exit."""
        self._listener = listener
        everything = qt.QProcessEnvironment.systemEnvironment()
        for name, value in environment.items():
            everything.insert(name, value)
        self._process.setProcessEnvironment(everything)
        self._process.connect("readyReadStandardOutput()", self._on_output)
        self._process.connect("readyReadStandardError()", self._on_log)
        self._process.connect("finished(int,QProcess::ExitStatus)", self._on_finished)
        self._process.connect("errorOccurred(QProcess::ProcessError)", self._on_error)
        self._process.start(command[0], list(command[1:]))

    def send(self, data: bytes) -> None:
        """Write to its standard input; without effect once it has ended."""
        self._process.write(data)

    def close_input(self) -> None:
        """Close its standard input, which tells the worker to end."""
        self._process.closeWriteChannel()

    def kill(self) -> None:
        """End it, and return when it has ended: before that, Qt must not destroy the object."""
        self._process.kill()
        self._process.waitForFinished(_KILL_MILLISECONDS)

    def _on_output(self) -> None:
        if self._listener is not None:
            self._listener.on_output(bytes(self._process.readAllStandardOutput().data()))

    def _on_log(self) -> None:
        if self._listener is not None:
            self._listener.on_log(bytes(self._process.readAllStandardError().data()))

    def _on_finished(self, code: int, status: int) -> None:
        self._on_log()
        self._on_output()
        crashed = status != qt.QProcess.NormalExit and os.name != "nt"  # Windows knows no signals
        self._tell_exit(Exit(signal=code) if crashed else Exit(code))

    def _on_error(self, error: int) -> None:
        if error == qt.QProcess.FailedToStart:
            self._tell_exit(Exit(reason=str(self._process.errorString())))

    def _tell_exit(self, how: Exit) -> None:
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.on_exit(how)


class QtScheduler:
    """Calls later through a timer."""

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """Call after that many seconds; 0 lets pending events, such as painting, come first."""
        qt.QTimer.singleShot(round(seconds * 1000), call)
