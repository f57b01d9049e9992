"""The parts of a result that are made only when asked for."""

from __future__ import annotations

from dataclasses import replace

from .config import FusionConfig
from .inverse import describe_inverse, invert
from .reference import Reference
from .result import FusionResult
from .run import Run


def add_on_request(
    result: FusionResult, config: FusionConfig, reference: Reference | None, run: Run
) -> FusionResult:
    """Add the inverse, and what landmarks and segmentations say, as far as they are wanted."""
    if config.inverse:
        with run.step("Inverting the transform"):
            inverse = invert(result.displacement, result.fused.grid, result.initial)
        result = replace(result, inverse=inverse, report=result.report | describe_inverse(inverse))
    if reference is not None:
        with run.step("Comparing landmarks and segmentations"):
            result = replace(result, report=result.report | reference.measure(result))
    return result
