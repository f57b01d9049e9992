"""How far each place may be from where it belongs, as found on patients the network has not seen."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .disagreement import SIGNS, signs_of_error
from .model_store import resource_path
from .network import FusionNetwork
from .registration import Registration
from .run import Run
from .volume import Volume

Stack = NDArray[np.float32]

_FILE = "confidence.json"
_SHOWN = 0.04  # of the window; darker is air
_SLICES_PER_CALL = 8


@dataclass(frozen=True, eq=False)
class Calibration:
    """From signs of error to the error that was found behind them, on held-out patients.

    offsets: added to every sign before the logarithm. weights: a constant and one weight a sign; their sum is
    the logarithm of a first estimate. estimate, expected: that estimate at some places, rising, and the mean
    error found there, both in pixels of 1 mm. within: part of the places whose error was below limit_mm.
    sha256: of the network that it was measured with.
    """

    offsets: NDArray[np.float64]
    weights: NDArray[np.float64]
    estimate: NDArray[np.float64]
    expected: NDArray[np.float64]
    within: NDArray[np.float64]
    limit_mm: float
    sha256: str

    @classmethod
    def load(cls) -> Calibration:
        """Read the calibration that ships beside the network; raises OSError, KeyError or ValueError."""
        content = json.loads(resource_path(_FILE).read_text(encoding="utf-8"))
        offsets, weights, estimate, expected, within = (
            np.array(content[name], np.float64)
            for name in ("offsets", "weights", "estimate", "expected", "within")
        )
        limit, sha256 = content["limit_mm"], content["sha256"]
        return cls(offsets, weights, estimate, expected, within, limit, sha256)

    def expected_mm(self, signs: Stack, pixel_mm: float) -> Stack:
        """Expected error, mm, of signs (N, 5, H, W) measured in pixels of pixel_mm; (N, H, W)."""
        found = np.log(signs + self.offsets[:, None, None].astype(np.float32))
        first = np.exp(self.weights[0] + np.einsum("s,nsyx->nyx", self.weights[1:], found))
        return np.asarray(pixel_mm * np.interp(first, self.estimate, self.expected), np.float32)

    def confidence(self, expected_mm: Stack) -> Stack:
        """Part of such places, 0 to 1, whose error was below limit_mm."""
        return np.asarray(np.interp(expected_mm, self.expected, self.within), np.float32)


def confidence_map(
    network: FusionNetwork, registration: Registration, run: Run
) -> tuple[Volume, dict[str, Any]]:
    """Confidence on the fixed grid, 0 to 1, and what the report says of it.

    It speaks of what the network did in the slices, which are registered four more times.
    Places where either volume shows nothing but air, or the moving one ends, get 0: nothing is known there.
    """
    calibration = Calibration.load()
    view, moving, field = registration.view, registration.seen, registration.in_slices
    shown = moving.inside & ((view.slices > _SHOWN) | (moving.unit > _SHOWN))
    expected = np.zeros(view.slices.shape, np.float32)
    slices = np.flatnonzero(shown.any(axis=(1, 2)))
    for part in run.batches("Estimating the confidence", slices, _SLICES_PER_CALL):
        signs = signs_of_error(network, view.slices[part], moving.unit[part], field[part])
        expected[part] = calibration.expected_mm(signs, view.square.pixel)
    known = calibration.confidence(expected)
    frame, expand = view.square.frame, view.square.expand
    on_grid = np.zeros(frame.grid.shape, np.float32)
    # Masked after it was interpolated: else doubt would seep in from the air around the body.
    reached = expand(shown.astype(np.float32)) > 0.5
    frame.cut(on_grid)[...] = np.where(reached, np.clip(expand(known), 0, 1), 0)
    volume = view.fixed.volume.with_array(on_grid, f"confidence of {view.moving.volume.name}")
    return volume, _describe(calibration, network, expected[shown], known[shown])


def _describe(
    calibration: Calibration, network: FusionNetwork, expected: Stack, known: Stack
) -> dict[str, Any]:
    if not expected.size:
        return {"limit_mm": calibration.limit_mm, "note": "Nothing is shown that could be judged."}
    same = calibration.sha256 == network.hash
    note = (
        "It was calibrated with this network."
        if same
        else ("It was calibrated with another network: take it as an order of places, not as millimetres.")
    )
    return {
        "limit_mm": calibration.limit_mm,
        "mean": float(known.mean(dtype=np.float64)),
        "share_below_half": float((known < 0.5).mean()),
        "expected_error_mm": {
            "mean": float(expected.mean(dtype=np.float64)),
            "p95": float(np.percentile(expected, 95)),
        },
        "signs": list(SIGNS),
        "calibrated_with_this_network": same,
        "note": note,
    }
