"""The results of a fusion that are made only when asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .config import FusionConfig
from .inverse import InverseTransform, describe_inverse, invert
from .run import Run
from .volume import Volume


@dataclass(frozen=True, eq=False)
class OnRequest:
    """What was asked for, as in FusionResult, and what the report says about it."""

    inverse: InverseTransform | None = None
    confidence: Volume | None = None
    report: dict[str, Any] = field(default_factory=dict)


def make_on_request(
    displacement: NDArray[np.float32],
    fixed: Volume,
    initial: NDArray[np.float64],
    config: FusionConfig,
    run: Run,
) -> OnRequest:
    """Make what config asks for; displacement and initial are those of FusionResult."""
    inverse = None
    if config.inverse:
        with run.step("Inverting the transform"):
            inverse = invert(displacement, fixed.grid, initial)
    return OnRequest(inverse, None, describe_inverse(inverse))
