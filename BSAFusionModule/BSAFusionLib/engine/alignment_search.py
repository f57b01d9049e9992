"""Many starts, few survivors: the search for the linear transform under which two volumes resemble most."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .body import Level, isotropic, level
from .errors import Cancelled
from .geometry import center_ras, extent_mm
from .pose import climb, pose_matrix, starts
from .result import Cancel, Progress
from .similarity import Similarity
from .volume import Volume

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class _Stage:
    """One round: the resolution, how many points are compared, how far poses move, how many survive.

    kick_mm: the best pose is joined by copies that are moved so far along every parameter, both ways.
    """

    spacing: float  # in parts of the coarsest
    points: int
    step_mm: float
    sweeps: int
    patience: int  # sweeps more while a pose still goes far
    survivors: int
    kick_mm: float = 0.0


# Measured on cropped CT, MR and PET of limbs: fewer survivors miss the best pose from 30 mm and 20 degrees;
# without patience the same pair ends up to 4 mm apart from start to start, without kicks up to 8 mm.
_STAGES = (
    _Stage(spacing=1.0, points=3000, step_mm=12.0, sweeps=2, patience=0, survivors=16),
    _Stage(spacing=1.0, points=6000, step_mm=4.0, sweeps=3, patience=6, survivors=8),
    _Stage(spacing=0.5, points=10000, step_mm=3.0, sweeps=4, patience=8, survivors=4),
    _Stage(spacing=0.5, points=10000, step_mm=2.0, sweeps=3, patience=4, survivors=4, kick_mm=5.0),
    _Stage(spacing=0.3, points=30000, step_mm=1.5, sweeps=5, patience=10, survivors=4),
)
_COARSE_VOXELS = 6000
_COARSE_MM = (4.0, 10.0)
_FINEST_MM = 1.5
_START_ANGLE_DEG = 25.0
_NEAR_ANGLE_DEG = 6.0  # about a start that the user knows
_START_SHIFT_MM = 8.0  # starts closer than this reach the same pose
_SAME_POSE_MM = 5.0
_AS_GOOD = 0.98
_HALF_CELL = 0.6  # edge of the cubes that are dealt to two halves of the body, in parts of its radius
_STEP = "Aligning the volumes"


@dataclass(frozen=True, eq=False)
class Found:
    """A transform, 4 x 4, RAS mm, fixed to moving; its score; how far one as good lies (0: none)."""

    matrix: Matrix
    score: float
    rival_mm: float = 0.0


class AlignmentSearch:
    """Compares two volumes at several resolutions.

    Points are drawn in the smaller volume, so that most of them have a partner in the larger one: the poses
    inside lead from the smaller to the larger, whichever of them is fixed.
    """

    def __init__(
        self,
        fixed: Volume,
        moving: Volume,
        progress: Progress | None = None,
        cancel: Cancel | None = None,
        start: Matrix | None = None,
    ) -> None:
        sizes = [float(np.prod(extent_mm(volume))) for volume in (fixed, moving)]
        self._swapped = sizes[0] > 1.01 * sizes[1]
        self._progress, self._cancel = progress, cancel
        self._near = start is not None
        self._base = self._turned(np.eye(4) if start is None else start)
        self._coarse_mm = float(np.clip(np.cbrt(min(sizes) / _COARSE_VOXELS), *_COARSE_MM))
        finest = self._spacing(_STAGES[-1])
        pair = (moving, fixed) if self._swapped else (fixed, moving)
        self._volumes = []
        for volume in pair:
            self._volumes.append(isotropic(volume, finest))
            self._check_cancel()
        self._coarse = self._levels(_STAGES[0])
        self._fine = Similarity(*self._levels(_STAGES[-1]), _STAGES[-1].points)
        self._middle, self._radius_mm = self._fine.center, self._fine.radius_mm

    @property
    def center(self) -> Vector:
        """A point in the middle of the patient, RAS mm."""
        return self._middle

    def score(self, matrix: Matrix) -> float:
        """What the search maximises, at the finest resolution, under a fixed-to-moving transform."""
        return self._fine(self._turned(matrix))

    def similarity(self, matrix: Matrix) -> float:
        """Normalised mutual information at the finest resolution under a fixed-to-moving transform."""
        return self._fine.mutual_information(self._turned(matrix))

    def overlap(self, matrix: Matrix) -> float:
        """Part of the smaller volume's points that lie inside the other."""
        return self._fine.overlap(self._turned(matrix))

    def stay(self) -> Found:
        """The start, or no transform."""
        return self._found(np.zeros(6), self._fine)

    def center_bodies(self) -> Found:
        """The shift from the start that puts the centres of both bodies together."""
        return self._found(np.concatenate([np.zeros(3), self._body_shift()]), self._fine)

    def rigid(self) -> Found:
        """The best rotation and shift."""
        poses = starts(self._shifts(), _NEAR_ANGLE_DEG if self._near else _START_ANGLE_DEG)
        kicks = sum(12 for stage in _STAGES if stage.kick_mm)
        planned = len(poses) + kicks + sum(stage.survivors for stage in _STAGES[:-1])
        ranked: list[tuple[Vector, float]] = []
        done = 0
        for stage in _STAGES:
            similarity = Similarity(*self._levels(stage), stage.points)
            ranked = []
            for pose in [*poses, *self._kicked(poses[0], stage.kick_mm)]:
                ranked.append(self._climb(similarity, pose, stage))
                done += 1
                self._tell(done, planned)
            ranked = self._distinct(ranked, stage)
            poses = [pose for pose, _ in ranked]
        self._tell(planned, planned)
        return self._found(poses[0], self._fine, self._rival_mm(ranked))

    def affine(self, rigid: Found) -> Found:
        """The best linear transform near a rigid one."""
        start = np.zeros(12)
        base = self._turned(rigid.matrix)
        steps = np.concatenate([self._steps(1.5), np.full(6, 3.0 / self._radius_mm)])

        def matrix(parameters: Vector) -> Matrix:
            return np.asarray(base @ pose_matrix(parameters, self._middle))

        best, height = climb(
            self._guarded(lambda p: self._fine(matrix(p))), start, steps, sweeps=10, shrink=0.7
        )
        return Found(self._turned(matrix(best)), height, rigid.rival_mm)

    def uncertainty_mm(self, best: Matrix, answer: Matrix) -> float:
        """How far poses that fit best in some respect lie from the answer: the median, mm.

        best: the fixed-to-moving transform that fits best in all, near which those poses are searched: two
        halves of the body, each by intensities alone and by gradients alone. answer: the one that is taken.
        """
        base, taken = self._turned(best), self._turned(answer)

        def other(score: Callable[[Matrix], float]) -> Matrix:
            climbed = self._guarded(lambda p: score(base @ pose_matrix(p, self._middle)))
            pose, _ = climb(climbed, np.zeros(6), self._steps(1.5), sweeps=3, patience=4)
            return np.asarray(base @ pose_matrix(pose, self._middle))

        halves = self._fine.halves(_HALF_CELL * self._radius_mm)
        others = [other(s) for half in halves for s in (half.mutual_information, half.gradient_agreement)]
        # one of the four may lose its way
        return float(np.median([self._apart_mm(pose, taken) for pose in others]))

    def _apart_mm(self, a: Matrix, b: Matrix) -> float:
        """Root mean square distance of the points under two transforms, as if they filled a ball."""
        linear, shift = (a - b)[:3, :3], (a - b)[:3, 3]
        middle = np.linalg.norm(linear @ self._middle + shift)
        return float(np.hypot(middle, np.linalg.norm(linear) * self._radius_mm / np.sqrt(3)))

    def _kicked(self, pose: Vector, kick_mm: float) -> list[Vector]:
        moves = np.diag(self._steps(kick_mm))
        return [pose + sign * move for move in moves for sign in (1, -1)] if kick_mm else []

    def _climb(self, similarity: Similarity, pose: Vector, stage: _Stage) -> tuple[Vector, float]:
        score = self._guarded(lambda p: similarity(self._matrix(p)))
        return climb(score, pose, self._steps(stage.step_mm), stage.sweeps, patience=stage.patience)

    def _guarded(self, score: Callable[[Vector], float]) -> Callable[[Vector], float]:
        def guarded(parameters: Vector) -> float:
            self._check_cancel()
            return score(parameters)

        return guarded

    def _check_cancel(self) -> None:
        if self._cancel is not None and self._cancel():
            raise Cancelled

    def _tell(self, done: int, planned: int) -> None:
        if self._progress is not None:
            self._progress(_STEP, done, planned)

    def _steps(self, step_mm: float) -> Vector:
        return np.array([step_mm / self._radius_mm] * 3 + [step_mm] * 3)

    def _spacing(self, stage: _Stage) -> float:
        return max(self._coarse_mm * stage.spacing, _FINEST_MM)

    def _levels(self, stage: _Stage) -> tuple[Level, Level]:
        self._check_cancel()
        sampled, other = (level(volume, self._spacing(stage)) for volume in self._volumes)
        return sampled, other

    def _shifts(self) -> list[Vector]:
        """No shift, one that centres the boxes, one that centres the bodies; each only once."""
        if self._near:
            return [np.zeros(3)]
        sampled, other = self._volumes
        shifts: list[Vector] = []
        for shift in (np.zeros(3), center_ras(other) - center_ras(sampled), self._body_shift()):
            if all(np.linalg.norm(shift - known) > _START_SHIFT_MM for known in shifts):
                shifts.append(shift)
        return shifts

    def _body_shift(self) -> Vector:
        sampled, other = self._coarse
        inverse = np.linalg.inv(self._base)
        return np.asarray(inverse[:3, :3] @ other.body_center() + inverse[:3, 3] - sampled.body_center())

    def _distance_mm(self, a: Vector, b: Vector) -> float:
        """Root mean square distance of the points under two poses, nearly."""
        return float(np.hypot(np.linalg.norm(a[:3] - b[:3]) * self._radius_mm, np.linalg.norm(a[3:] - b[3:])))

    def _distinct(self, ranked: list[tuple[Vector, float]], stage: _Stage) -> list[tuple[Vector, float]]:
        """The best poses, best first, without those that came to the same place."""
        kept: list[tuple[Vector, float]] = []
        for pose, height in sorted(ranked, key=lambda entry: -entry[1]):
            if all(self._distance_mm(pose, other) > stage.step_mm for other, _ in kept):
                kept.append((pose, height))
        return kept[: stage.survivors]

    def _rival_mm(self, ranked: list[tuple[Vector, float]]) -> float:
        best, height = ranked[0]
        distances = [self._distance_mm(pose, best) for pose, other in ranked[1:] if other > _AS_GOOD * height]
        return max((distance for distance in distances if distance > _SAME_POSE_MM), default=0.0)

    def _found(self, pose: Vector, similarity: Similarity, rival_mm: float = 0.0) -> Found:
        matrix = self._matrix(pose)
        return Found(self._turned(matrix), similarity(matrix), rival_mm)

    def _matrix(self, pose: Vector) -> Matrix:
        """From smaller to larger: a pose about the middle, and then the start."""
        return np.asarray(self._base @ pose_matrix(pose, self._middle))

    def _turned(self, matrix: Matrix) -> Matrix:
        """Between fixed-to-moving and smaller-to-larger; the way back is the same."""
        return np.asarray(np.linalg.inv(matrix)) if self._swapped else matrix
