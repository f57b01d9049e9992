"""Which pairs are unlike the others, and in what; the order in which to look at them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ..engine.verdict import VERDICTS
from .record import DONE, FAILED, Record

LIMIT = 3.5
"""Modified z-score from which a value is an outlier (Iglewicz and Hoaglin 1993)."""

_FEWEST = 8
_MAD_TO_DEVIATION = 0.6745
_MEAN_TO_DEVIATION = 0.7979  # of a normal distribution, where more than half of the values are equal


def scores(values: list[float | None]) -> list[float]:
    """Modified z-scores, distances from the median in robust standard deviations; 0 for missing values.

    All are 0 for fewer than eight values, which have no distribution.
    """
    known = np.array([value for value in values if value is not None and np.isfinite(value)])
    if known.size < _FEWEST:
        return [0.0] * len(values)
    center = np.median(known)
    distance = np.abs(known - center)
    deviation = np.median(distance) / _MAD_TO_DEVIATION or np.mean(distance) / _MEAN_TO_DEVIATION
    if deviation == 0:
        return [0.0] * len(values)
    return [
        float(abs(value - center) / deviation) if value is not None and np.isfinite(value) else 0.0
        for value in values
    ]


def mark_outliers(records: Iterable[Record]) -> list[Record]:
    """Add outlier, the largest score of a pair's numbers, and outlier_in, the names of those beyond LIMIT."""
    records = list(records)
    done = [record for record in records if record["status"] == DONE]
    names = sorted({name for record in done for name in record["numbers"]})
    found = {name: scores([record["numbers"].get(name) for record in done]) for name in names}
    marked = {
        record["id"]: {
            "outlier": round(max((found[name][n] for name in names), default=0.0), 2),
            "outlier_in": [name for name in names if found[name][n] >= LIMIT],
        }
        for n, record in enumerate(done)
    }
    return [record | marked.get(record["id"], {}) for record in records]


def first_to_look_at(records: Iterable[Record]) -> list[Record]:
    """Mark and sort: failed ones, from the worst verdict to the best, the strangest first, then by id."""
    worst_first = {verdict: rank for rank, verdict in enumerate(reversed(VERDICTS), start=1)}

    def key(record: Record) -> tuple[int, float, str]:
        if record["status"] == DONE:
            return worst_first.get(record["verdict"], 1), -record["outlier"], record["id"]
        return (0 if record["status"] == FAILED else len(VERDICTS) + 1), 0.0, record["id"]

    return sorted(mark_outliers(records), key=key)
