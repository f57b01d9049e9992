"""The weights of the verdict's signs, from runs of which it is known whether they are right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from BSAFusionLib.engine.verdict_thresholds import SIGNS
from numpy.typing import NDArray

Floats = NDArray[np.float64]

RIGHT_MM, WRONG_MM = 5.0, 8.0  # what lies between is neither
_IN_PRACTICE = 0.9  # right, assumed: of the runs measured here, half are spoilt
_RIDGE = 2.0
_FOLDS = 8
_GOOD, _DO_NOT_USE = np.arange(0.8, 0.995, 0.01), (0.1, 0.2, 0.3, 0.4, 0.5, 0.6)


def put_right(row: dict[str, Any]) -> bool:
    """Whether a spoilt run, of which the truth is known, ended near it all the same."""
    return not row["sound"] and 0 <= row.get("err", -1) < WRONG_MM


def fit_signs(rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Lines of verdict_thresholds for these runs, and what bounds of trust would do to runs left out."""
    values = np.array([[_value(sign, row) for sign in SIGNS] for row in rows])
    right, taken = _labels(rows)
    usual, spread, weights = _weigh(values[taken], right[taken])
    yield f"BIAS = {weights[0]:.3f}"
    yield "WEIGHTS: dict[str, tuple[float, float, float]] = {"
    for n, sign in enumerate(SIGNS):
        yield f'    "{sign.number}": ({usual[n]:.4g}, {spread[n]:.4g}, {weights[n + 1]:.3f}),'
    yield "}\n"
    trust = _left_out(values, right, taken, [row["patient"] for row in rows])
    sound = np.array([row["sound"] for row in rows])
    spoilt = ~sound & ~np.array([put_right(row) for row in rows])
    for bound in _GOOD:
        good = trust >= bound
        yield (
            f"good from {bound:.2f}: {good[sound].mean():.0%} of the sound, "
            f"{good[sound & right].mean():.0%} of those below {RIGHT_MM:.0f} mm, "
            f"{good[spoilt].mean():.1%} of the spoilt"
        )
    for bound in _DO_NOT_USE:
        yield (
            f"do not use below {bound}: {(trust < bound)[sound].mean():.1%} of the sound, "
            f"{(trust < bound)[spoilt].mean():.0%} of the spoilt"
        )


def _value(sign: Any, row: dict[str, Any]) -> float:
    value = sign.value(row["numbers"])
    return np.nan if value is None else float(value)


def _labels(rows: Sequence[dict[str, Any]]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which runs are right, and which are clearly right or wrong."""
    error = np.array([row["err"] for row in rows])
    return (error >= 0) & (error < RIGHT_MM), (error < RIGHT_MM) | (error >= WRONG_MM)


def _weigh(values: Floats, right: NDArray[np.bool_]) -> tuple[Floats, Floats, Floats]:
    """Mean and spread of each sign, and bias and weights of a logistic regression with a ridge (Newton).

    The bias is that of practice, where most runs are right (King and Zeng 2001).
    """
    usual, spread = np.nanmean(values, axis=0), np.nanstd(values, axis=0)
    x = np.column_stack([np.ones(len(values)), _scores(values, usual, spread)])
    ridge = np.diag([0.0] + [_RIDGE] * values.shape[1])
    weights = np.zeros(x.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-x @ weights))
        slope = x.T @ (right - p) - ridge @ weights
        weights += np.linalg.solve((x.T * (p * (1 - p))) @ x + ridge, slope)
    weights[0] += np.log(_IN_PRACTICE / (1 - _IN_PRACTICE)) - np.log(right.mean() / (1 - right.mean()))
    return usual, spread, weights


def _scores(values: Floats, usual: Floats, spread: Floats) -> Floats:
    return np.nan_to_num((values - usual) / spread)


def _left_out(
    values: Floats, right: NDArray[np.bool_], taken: NDArray[np.bool_], patients: Sequence[str]
) -> Floats:
    """Trust of each run by weights to which its patient has not contributed."""
    names = np.random.default_rng(0).permutation(sorted(set(patients)))
    fold = np.array([int(np.flatnonzero(names == patient)[0]) % _FOLDS for patient in patients])
    trust = np.zeros(len(values))
    for n in range(_FOLDS):
        usual, spread, weights = _weigh(values[(fold != n) & taken], right[(fold != n) & taken])
        scores = _scores(values[fold == n], usual, spread)
        trust[fold == n] = 1 / (1 + np.exp(-weights[0] - scores @ weights[1:]))
    return trust
