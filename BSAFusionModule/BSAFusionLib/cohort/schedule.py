"""Hand the pairs to the workers and take in the answers as they come."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import __version__
from ..engine.errors import BSAFusionError, InputError
from ..engine.model_store import find_model
from .record import Record, failed_record
from .task import Task, clear, fuse_pair

if TYPE_CHECKING:
    from distributed import Client, Future

_BATCH = 1000  # tasks in one message to the scheduler
_LOST = (
    "Its worker was lost again and again, most likely because memory ran out: give each worker more with "
    "--memory or fewer --workers."
)
_GONE = "The scheduler is gone: start it again and go on with --resume."


def fuse_all(client: Client, tasks: list[Task]) -> Iterator[tuple[Task, Record]]:
    """Fuse every task once, in any order; only a lost worker's pair is tried again.

    Raises InputError when the scheduler is gone.
    """
    from distributed import as_completed

    run = uuid.uuid4().hex[:8]
    by_key = {f"bsafusion-{run}-{task.pair.id}": task for task in tasks}
    futures = client.map(fuse_pair, tasks, key=list(by_key), pure=False, batch_size=_BATCH)
    waiting = as_completed(futures, loop=client.loop)
    del futures
    for future in waiting:
        task = by_key[future.key]
        yield task, _record(task, future)
        future.release()


def _record(task: Task, future: Future) -> Record:
    from distributed import KilledWorker
    from distributed.client import FutureCancelledError

    try:
        record: Record = future.result()
    except FutureCancelledError as error:
        raise InputError(_GONE, str(error)) from error
    except KilledWorker as error:
        clear(task)  # the worker had no time to
        return failed_record(task.pair, _LOST, str(error))
    except Exception as error:
        reason = f"The worker could not even start on it ({type(error).__name__}: {error})."
        return failed_record(task.pair, reason)
    return record


def require_same_workers(client: Client, out: Path) -> None:
    """Raise InputError where a worker has another BSAFusion or network, or does not see the folder."""
    try:
        answers = client.run(describe_worker, str(out))
    except Exception as error:
        raise InputError(
            f"BSAFusion cannot be used on the workers ({type(error).__name__}): install it there.", str(error)
        ) from error
    here = describe_worker(str(out))
    for address, answer in answers.items():
        for key, value in here.items():
            if answer[key] != value:
                raise InputError(
                    f"The worker at {address} says {key}: {answer[key]}, here it is {value}: "
                    "all need the same BSAFusion and a common file system."
                )


def describe_worker(out: str) -> dict[str, Any]:
    """What must be the same on every worker; runs there."""
    try:
        model = find_model().sha256
    except BSAFusionError as error:
        model = error.message
    return {"version": __version__, "network": model, f"folder {out}": Path(out).is_dir()}
