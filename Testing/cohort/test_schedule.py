"""What follows when a worker never answers."""

from pathlib import Path
from types import SimpleNamespace

from BSAFusionLib.cohort.pair import Pair
from BSAFusionLib.cohort.schedule import _record
from BSAFusionLib.cohort.task import Task
from distributed import KilledWorker


class _NeverAnswered:
    def result(self) -> None:
        raise KilledWorker("p1", SimpleNamespace(address="tcp://127.0.0.1:1"), 2)


def test_nothing_is_left_of_a_pair_whose_workers_died(tmp_path: Path) -> None:
    task = Task(Pair("p1", "row 2", {"fixed": "a.nrrd", "moving": "b.nrrd"}), tmp_path, 1)
    (task.folder / ".bsafusion-abc" / "scratch").mkdir(parents=True)
    record = _record(task, _NeverAnswered())
    assert (record["status"], "worker was lost" in record["reason"]) == ("failed", True)
    assert not task.folder.exists()
