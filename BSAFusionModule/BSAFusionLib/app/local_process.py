"""A child process driven from a script, without Qt."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import IO

from .process import Exit, ProcessListener
from .scheduler import Loop


class LocalProcess:
    """Reads its pipes in threads and tells the listener from the loop."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._process: subprocess.Popen[bytes] | None = None

    def start(
        self, command: Sequence[str], environment: Mapping[str, str], listener: ProcessListener
    ) -> None:
        """Start it; a command that cannot be run is told to the listener as an exit."""
        pipe = subprocess.PIPE
        try:
            self._process = subprocess.Popen(
                command, stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0, env={**os.environ, **environment}
            )
        except OSError as error:
            never = Exit(reason=str(error))
            self._loop.hand_over(lambda: listener.on_exit(never))
            return
        assert self._process.stdout
        assert self._process.stderr
        log = self._reader(self._process.stderr, listener.on_log)
        output = self._reader(self._process.stdout, listener.on_output)
        threading.Thread(target=self._wait, args=([log, output], listener), daemon=True).start()

    def _reader(self, stream: IO[bytes], tell: Callable[[bytes], None]) -> threading.Thread:
        def read() -> None:
            with stream:
                while data := stream.read(65536):
                    self._loop.hand_over(lambda piece=data: tell(piece))  # type: ignore[misc]

        thread = threading.Thread(target=read, daemon=True)
        thread.start()
        return thread

    def _wait(self, readers: list[threading.Thread], listener: ProcessListener) -> None:
        assert self._process
        code = self._process.wait()
        for reader in readers:
            reader.join()
        how = Exit(code) if code >= 0 else Exit(signal=-code)

        def tell() -> None:
            self.close_input()
            listener.on_exit(how)

        self._loop.hand_over(tell)

    def send(self, data: bytes) -> None:
        """Write to its standard input; without effect once it has ended."""
        if self._process is not None and self._process.stdin is not None:
            try:
                self._process.stdin.write(data)
            except OSError:
                return  # it has ended: the listener hears of that

    def close_input(self) -> None:
        """Close its standard input, which tells the worker to end."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            self._process.stdin = None

    def kill(self) -> None:
        """End it, and return when it has ended."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self.close_input()
