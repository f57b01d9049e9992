"""The private cluster's workers."""

import sys
from pathlib import Path

import pytest
from BSAFusionLib.cohort.cluster import Place, open_workers
from BSAFusionLib.cohort.pair import Pair
from BSAFusionLib.cohort.task import Task, fuse_pair


@pytest.mark.skipif(sys.platform != "linux", reason="other C libraries are left alone")
def test_a_worker_keeps_the_memory_of_a_pair_though_dask_has_it_give_all_back(tmp_path: Path) -> None:
    def held() -> float:
        """Megabytes that the worker holds after it has freed 160, in parts as large as the network's."""
        import numpy as np
        import psutil

        before = psutil.Process().memory_info().rss
        for _ in range(3):
            pages = [np.ones(1_000_000) for _ in range(20)]
            del pages
        return float(psutil.Process().memory_info().rss - before) / 2**20

    task = Task(
        Pair("gone", "row 1", {"fixed": "gone.nrrd", "moving": "gone.nrrd", "config": {}}),
        tmp_path / "out",
        1,
    )
    with open_workers(Place(workers=1), tmp_path) as workers:
        ask = workers.client.submit
        first = ask(held, pure=False).result()
        assert ask(fuse_pair, task).result()["status"] == "failed"
        second = ask(held, pure=False).result()
    assert first < 5
    assert second > 30  # glibc keeps at most 64 for a thread that is not the main one
