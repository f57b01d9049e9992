"""What the user knows about a pair, by which the result is judged: landmarks and segmentations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .landmarks import Landmarks, check_landmarks, landmark_errors
from .result import FusionResult
from .segmentations import Segmentations, agreement, check_segmentations
from .volume import Volume


@dataclass(frozen=True, eq=False)
class Reference:
    """Independent of the images' brightness, and never used to align them; None for what is not known."""

    landmarks: Landmarks | None = None
    segmentations: Segmentations | None = None

    def check(self, fixed: Volume, moving: Volume) -> None:
        """Refuse (InputError, GeometryError) what cannot be measured with."""
        if self.landmarks is not None:
            check_landmarks(self.landmarks, fixed, moving)
        if self.segmentations is not None:
            check_segmentations(self.segmentations, fixed, moving)

    def measure(self, result: FusionResult) -> dict[str, Any]:
        """The report's entries "landmarks" and "segmentations", as far as they are known."""
        report: dict[str, Any] = {}
        if self.landmarks is not None:
            report["landmarks"] = landmark_errors(self.landmarks, result)
        if self.segmentations is not None:
            report["segmentations"] = agreement(self.segmentations, result)
        return report
