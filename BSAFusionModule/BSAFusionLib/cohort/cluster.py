"""The workers: a private cluster on this machine, or one that exists. Dask is imported only when used."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..engine.errors import DependencyError, InputError

if TYPE_CHECKING:
    from distributed import Client, SpecCluster

_BYTES_PER_WORKER = 2 << 30
"""What a clinical volume of 256 x 256 x 60 voxels takes, with room to spare; see docs/benchmarks.md."""
_LOST_WORKERS = 2
"""How many workers may be lost with a pair before it is given up: the third is no accident."""
_CONNECT_SECONDS = 15
_SETTINGS = {
    "distributed.scheduler.allowed-failures": _LOST_WORKERS,
    # A worker gets one pair at a time: no pair waits behind another, or is blamed for its end.
    "distributed.scheduler.worker-saturation": 1.0,
    # Results are small, so there is nothing to spill; a worker that takes too much memory is ended.
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": 0.95,
    # Dask's profiler looks at every worker a hundred times a second and keeps what it saw.
    "distributed.worker.profile.enabled": False,
}


@dataclass(frozen=True)
class Place:
    """Where a cohort is fused.

    scheduler: address of an existing one, None for a private cluster. workers: how many, None for as many as
    fit. threads: of the processor, for each worker. memory: limit for each worker, such as "4GB", None for an
    equal share. device: as in FusionConfig.
    """

    scheduler: str | None = None
    workers: int | None = None
    threads: int = 1
    memory: str | None = None
    device: str = "auto"

    def __post_init__(self) -> None:
        if self.scheduler is not None and (self.workers or self.memory):
            raise InputError("An existing scheduler has its workers: leave out --workers and --memory.")
        for name, value in (("workers", self.workers), ("threads", self.threads)):
            if value is not None and value < 1:
                raise InputError(f"{name} is {value}: it must be at least 1.")


@dataclass(frozen=True)
class Workers:
    """A connection to the workers; dashboard: address of Dask's page about them."""

    client: Client
    count: int
    dashboard: str


def require_dask() -> None:
    """Raise DependencyError where Dask is not installed."""
    try:
        import cryptography  # noqa: F401
        import distributed  # noqa: F401
    except ImportError as error:
        raise DependencyError(
            "Cohorts need Dask, which is not installed: pip install 'bsafusion[cohort,command-line]'.",
            str(error),
        ) from error


@contextlib.contextmanager
def open_workers(place: Place, scratch: Path) -> Iterator[Workers]:
    """Start a private cluster, or connect to an existing scheduler; the private one is gone afterwards.

    scratch: folder for the private cluster's temporary files. Raises DependencyError or InputError.
    """
    require_dask()
    import dask

    _hush()
    with dask.config.set(_SETTINGS), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Creating scratch directories", UserWarning)  # a busy disk
        opened = _existing(place) if place.scheduler is not None else _private(place, scratch)
        with opened as workers:
            yield workers


def _hush() -> None:
    """Dask's own messages are about its machinery; what concerns the user is told in words."""
    for name in list(logging.root.manager.loggerDict):
        if name.split(".")[0] == "distributed":
            logging.getLogger(name).setLevel(logging.CRITICAL)


@contextlib.contextmanager
def _existing(place: Place) -> Iterator[Workers]:
    from distributed import Client

    try:
        client = Client(place.scheduler, timeout=_CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise InputError(
            f"No scheduler answers at '{place.scheduler}': start it, or correct the address.", str(error)
        ) from error
    with contextlib.closing(client):
        try:
            client.wait_for_workers(1, timeout=_CONNECT_SECONDS)
        except TimeoutError as error:
            raise InputError(f"The scheduler at '{place.scheduler}' has no workers: start some.") from error
        count = len(client.scheduler_info(n_workers=-1)["workers"])
        yield Workers(client, count, client.dashboard_link)


@contextlib.contextmanager
def _private(place: Place, scratch: Path) -> Iterator[Workers]:
    """Only this machine is listened to, and only this user's certificate is accepted."""
    from distributed import Client, Scheduler, Security, SpecCluster

    environments = _environments(place)
    security = Security.temporary()
    scheduler = {
        "cls": Scheduler,
        "options": {
            "host": "127.0.0.1",
            "protocol": "tls://",
            "security": security,
            "dashboard_address": "127.0.0.1:0",
        },
    }
    options = {
        "nthreads": 1,
        "memory_limit": place.memory or _memory_share(len(environments)),
        "security": security,
        "host": "127.0.0.1",
        "protocol": "tls://",
        "local_directory": str(scratch),
        "silence_logs": logging.CRITICAL,
        "preload": ["BSAFusionLib.cohort.preload"],
        "dashboard": False,
    }
    cluster = SpecCluster(
        workers={number: _nanny(options, environment) for number, environment in enumerate(environments)},
        scheduler=scheduler,
        security=security,
        silence_logs=logging.CRITICAL,
    )
    client = None
    try:
        client = Client(cluster, set_as_default=False)
        client.wait_for_workers(len(environments))
        yield Workers(client, len(environments), client.dashboard_link)
    finally:
        _end(cluster, client)


def _nanny(options: dict[str, Any], environment: dict[str, str]) -> dict[str, Any]:
    from distributed import Nanny

    return {"cls": Nanny, "options": {**options, "env": environment}}


def _environments(place: Place) -> list[dict[str, str]]:
    """The variables of each worker: its threads, and its GPU where there is one."""
    threads = dict.fromkeys(
        ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(place.threads)
    )
    gpus = _gpus() if place.device in ("auto", "cuda") else []
    if gpus:
        count = place.workers or len(gpus)
        return [{**threads, "CUDA_VISIBLE_DEVICES": gpus[n % len(gpus)]} for n in range(count)]
    return [threads] * (place.workers or _workers_that_fit(place.threads))


def _gpus() -> list[str]:
    """What to set CUDA_VISIBLE_DEVICES to for each GPU that this process may use."""
    from ..engine.devices import count_gpus

    count = count_gpus()
    allowed = os.environ.get("CUDA_VISIBLE_DEVICES")
    return allowed.split(",")[:count] if allowed else [str(n) for n in range(count)]


def _workers_that_fit(threads: int) -> int:
    from distributed.system import CPU_COUNT, MEMORY_LIMIT

    return int(max(1, min(CPU_COUNT // threads, MEMORY_LIMIT // _BYTES_PER_WORKER)))


def _memory_share(workers: int) -> int:
    from distributed.system import MEMORY_LIMIT

    return int(MEMORY_LIMIT // workers)


def _end(cluster: SpecCluster, client: Client | None) -> None:
    """End the workers whatever they are doing: native code does not answer."""
    nannies = list(cluster.workers.values())
    for nanny in nannies:
        nanny.auto_restart = False
    for nanny in nannies:
        if nanny.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(nanny.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
    with contextlib.suppress(TimeoutError, OSError):
        if client is not None:
            client.close(timeout=2)
        cluster.close(timeout=5)
