"""Our end of the worker's pipes: one request at a time, answers to a listener, every failure a sentence."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from ..engine import errors
from ..engine.errors import BSAFusionError, WorkerError
from .process import Exit, Process, kill_group

SILENCE_SECONDS = 120.0  # a registration step may hold the interpreter for long, so that no heartbeat comes
_LOG_LINES = 200


class RunListener(Protocol):
    """Hears of one request."""

    def on_progress(self, step: str, done: int, total: int) -> None:
        """Take note of a step; done of total, 0 of 0 where that is not known."""

    def on_log(self, text: str) -> None:
        """Take one line of the log."""

    def on_result(self, message: dict[str, Any]) -> None:
        """Take the answer; the request has ended."""

    def on_error(self, error: BSAFusionError) -> None:
        """Take the failure; the request has ended."""


class _Connection:
    """One process and what it has said; a process that was given up speaks to nobody."""

    def __init__(self, client: WorkerClient, process: Process) -> None:
        self.process = process
        self.pid: int | None = None
        self.log: deque[str] = deque(maxlen=_LOG_LINES)
        self._client: WorkerClient | None = client
        self._output = b""
        self._errors = b""

    def forget(self) -> None:
        self._client = None

    def on_output(self, data: bytes) -> None:
        *lines, self._output = (self._output + data).split(b"\n")
        for line in lines:
            if self._client is not None:
                self._client.take_line(line)

    def on_log(self, data: bytes) -> None:
        *lines, self._errors = (self._errors + data).split(b"\n")
        for line in lines:
            text = line.decode(errors="replace").rstrip()
            self.log.append(text)
            if self._client is not None:
                self._client.take_log(text)

    def on_exit(self, how: Exit) -> None:
        if self._client is not None:
            self._client.take_exit(how)


class WorkerClient:
    """Starts the worker when it is needed and keeps it for the next request.

    new_process makes a process that has not been started. clock: seconds, for tests.
    """

    def __init__(
        self,
        new_process: Callable[[], Process],
        command: Sequence[str],
        environment: Mapping[str, str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._new_process = new_process
        self._command = command
        self._environment = environment
        self._clock = clock
        self._connection: _Connection | None = None
        self._listener: RunListener | None = None
        self._request: dict[str, Any] = {}
        self._answered = False
        self._heard = 0.0
        self._run = 0

    @property
    def is_warm(self) -> bool:
        """Whether a process is there."""
        return self._connection is not None

    def ask(self, op: str, listener: RunListener, **content: Any) -> None:
        """Send a request; the previous one must have ended."""
        self._run += 1
        self._request = {"op": op, "run": self._run, **content}
        self._listener = listener
        self._answered = False
        self._send()

    def stop(self) -> None:
        """End the process and all that it has started at once; the listener hears no more."""
        self._listener = None
        connection, self._connection = self._connection, None
        if connection is None:
            return
        connection.forget()
        if connection.pid is not None:
            kill_group(connection.pid)
        connection.process.kill()

    def check_life(self) -> None:
        """Give a process up that has been silent for too long; to be called now and then."""
        if self._listener is not None and self._clock() - self._heard > SILENCE_SECONDS:
            self._give_up(
                f"The computing process has been silent for {SILENCE_SECONDS:.0f} s and was ended: run again."
            )

    def _send(self) -> None:
        if self._connection is None:
            process = self._new_process()
            self._connection = _Connection(self, process)
            process.start(self._command, self._environment, self._connection)
        self._heard = self._clock()
        self._connection.process.send(json.dumps(self._request).encode() + b"\n")

    def take_line(self, line: bytes) -> None:
        """Act on one line of the worker; only its connection calls this."""
        self._heard = self._clock()
        try:
            act = self._understand(json.loads(line))
        except (ValueError, KeyError, TypeError, AttributeError):
            self._give_up(
                "The computing process has sent something unreadable and was ended: run again.",
                repr(line[:200]),
            )
        else:
            act()

    def _understand(self, message: dict[str, Any]) -> Callable[[], None]:
        """Return what a message asks for; raises where it lacks something."""
        event, listener = message["event"], self._listener
        if event == "ready" and self._connection is not None:
            self._connection.pid = int(message["pid"])
        if listener is None or event in ("ready", "heartbeat") or message["run"] != self._run:
            return lambda: None
        if event == "progress":
            step, done, total = str(message["step"]), int(message["done"]), int(message["total"])
            return lambda: self._tell(lambda: listener.on_progress(step, done, total))
        if event == "result":
            return lambda: self._tell(lambda: listener.on_result(message), ended=True)
        kind: type[BSAFusionError] = getattr(errors, message["kind"])
        error = kind(message["message"], message["details"])
        return lambda: self._tell(lambda: listener.on_error(error), ended=True)

    def _tell(self, tell: Callable[[], None], ended: bool = False) -> None:
        self._answered = True
        if ended:
            self._listener = None
        tell()

    def take_log(self, text: str) -> None:
        """Pass one line of the worker's standard error on; only its connection calls this."""
        if self._listener is not None:
            self._listener.on_log(text)

    def take_exit(self, how: Exit) -> None:
        """Act on the worker's end; only its connection calls this."""
        connection, self._connection = self._connection, None
        if self._listener is None:
            return
        if how == Exit(0) and not self._answered:
            self._answered = True
            self._send()  # it went idle in the moment the request was sent
            return
        log = "\n".join(connection.log) if connection is not None else ""
        self._fail(how.sentence, log)

    def _give_up(self, message: str, details: str = "") -> None:
        listener = self._listener
        self.stop()
        self._listener = listener
        self._fail(message, details)

    def _fail(self, message: str, details: str) -> None:
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.on_error(WorkerError(message, details))
