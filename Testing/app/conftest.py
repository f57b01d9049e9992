"""The application on a real scene and with real worker processes, without Qt."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from BSAFusionLib.app.local_process import LocalProcess
from BSAFusionLib.app.scheduler import Loop
from BSAFusionLib.app.worker_client import WorkerClient
from BSAFusionLib.app.worker_command import worker_environment

from Testing.host.mrml import mrml_scene

SCRIPT = Path(__file__).parent / "scripted_worker.py"


@pytest.fixture
def loop() -> Loop:
    return Loop()


@pytest.fixture
def new_client(loop: Loop) -> Iterator[Callable[..., WorkerClient]]:
    clients = []

    def make(behaviour: str = "well", *words: str) -> WorkerClient:
        command = [sys.executable, "-u", str(SCRIPT), behaviour, *words]
        client = WorkerClient(lambda: LocalProcess(loop), command, worker_environment())
        clients.append(client)
        return client

    yield make
    for client in clients:
        client.stop()


@pytest.fixture
def scene() -> Iterator[Any]:
    with mrml_scene() as scene:
        yield scene
