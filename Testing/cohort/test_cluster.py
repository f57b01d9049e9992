"""The private cluster's workers."""

import sys
from pathlib import Path

import pytest
from BSAFusionLib.cohort.cluster import Place, open_workers


@pytest.mark.skipif(sys.platform != "linux", reason="the variables are read by glibc")
def test_a_worker_keeps_its_memory_from_its_first_moment_on(tmp_path: Path) -> None:
    """What a process was started with stands in /proc; by default Dask has it give memory back at once."""
    with open_workers(Place(workers=1), tmp_path) as workers:
        content = workers.client.submit(lambda: Path("/proc/self/environ").read_text()).result()
    begun_with = dict(line.partition("=")[::2] for line in content.split("\0"))
    assert begun_with["MALLOC_TRIM_THRESHOLD_"] == begun_with["MALLOC_MMAP_THRESHOLD_"] == "8000000000"
