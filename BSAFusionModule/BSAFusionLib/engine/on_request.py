"""The parts of a result that are made only when asked for."""

from __future__ import annotations

from dataclasses import replace

from .confidence import confidence_map
from .config import FusionConfig
from .inverse import describe_inverse, invert
from .network import FusionNetwork
from .reference import Reference
from .registration import Registration
from .result import FusionResult
from .run import Run


def add_on_request(
    result: FusionResult,
    network: FusionNetwork,
    found: Registration,
    config: FusionConfig,
    reference: Reference | None,
    run: Run,
) -> FusionResult:
    """Add inverse, confidence, and what landmarks and segmentations say, as far as they are wanted."""
    if config.inverse:
        with run.step("Inverting the transform"):
            inverse = invert(result.displacement, result.fused.grid, result.initial)
        result = replace(result, inverse=inverse, report=result.report | describe_inverse(inverse))
    if config.confidence:
        confidence, told = confidence_map(network, found, run)
        result = replace(result, confidence=confidence, report=result.report | {"confidence": told})
    if reference is not None:
        with run.step("Comparing landmarks and segmentations"):
            result = replace(result, report=result.report | reference.measure(result))
    return result
