"""Cohorts: many pairs through bsafusion fuse, on this machine or on a Dask cluster.

from BSAFusionLib.cohort import run_cohort

summary = run_cohort("pairs.csv", "out", init="rigid")
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .book import Summary
    from .cluster import Place
    from .faults import CohortError, Fault
    from .run import Settings, run_cohort

__all__ = ["CohortError", "Fault", "Place", "Settings", "Summary", "run_cohort"]

_HOMES = {"CohortError": "faults", "Fault": "faults", "Place": "cluster", "Summary": "book"}


def __getattr__(name: str) -> Any:
    """Import what is asked for only then: the command line looks in here for the help of bsafusion batch."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES.get(name, 'run')}", __name__), name)
