"""Sound and spoilt runs, made from pairs of which the truth is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from bsafusion_demo.misalignment import Misalignment, random_misalignment
from BSAFusionLib.engine.body_mask import body_mask
from BSAFusionLib.engine.geometry import center_ras, extent_mm, points_ras
from BSAFusionLib.engine.pose import pose_matrix
from BSAFusionLib.engine.volume import Volume
from numpy.typing import NDArray

from .verdict_data import TruePair

Random = np.random.Generator
Truth = Callable[[NDArray[np.float64]], NDArray[np.float64]]

SOUND = ("rigid", "elastic", "cropped", "stored")
SPOILT = ("other patient", "left-right", "up-down", "90 degrees", "organ", "half a head", "noise", "range")
_POINTS = 2000


@dataclass(frozen=True, eq=False)
class Case:
    """One run: what is fused and how, and where points of the fixed volume, (n, 3), RAS mm, truly lie.

    truth: None where there is no right answer. init: the initial alignment that the run asks for.
    """

    name: str
    kind: str
    patient: str
    fixed: Volume
    moving: Volume
    modalities: tuple[str, str]
    init: str
    points: NDArray[np.float64]
    truth: Truth | None

    @property
    def sound(self) -> bool:
        """Whether the pair can be fused."""
        return self.kind in SOUND


def make_case(pairs: Sequence[TruePair], index: int, kind: str, seed: int) -> Case:
    """Spoil pair number index as kind says, one of SOUND or SPOILT."""
    random = np.random.default_rng([seed, index, (SOUND + SPOILT).index(kind)])
    pair = pairs[index]
    points = _body_points(pair, random)
    fixed, moving, truth, init = _MAKERS[kind](pair, pairs, points, random)
    modalities = (pair.fixed_modality, pair.modality)
    return Case(f"{kind}: {pair.name}", kind, pair.patient, fixed, moving, modalities, init, points, truth)


def _body_points(pair: TruePair, random: Random) -> NDArray[np.float64]:
    points = points_ras(pair.fixed.grid)[body_mask(pair.fixed)]
    inside = _index(points, pair.moving)
    last = np.array(pair.moving.shape[::-1]) - 1
    points = points[((inside >= 0) & (inside <= last)).all(axis=1)]
    return np.asarray(points[random.permutation(len(points))[:_POINTS]])


def _index(points: NDArray[np.float64], volume: Volume) -> NDArray[np.float64]:
    ras_to_ijk = np.linalg.inv(volume.ijk_to_ras)
    return np.asarray(points @ ras_to_ijk[:3, :3].T + ras_to_ijk[:3, 3])


Made = tuple[Volume, Volume, Truth | None, str]


def _misaligned(pair: TruePair, points: NDArray[np.float64], random: Random, elastic_mm: float) -> Made:
    """Moved by up to 25 mm and 15 degrees by its header; bent by its voxels."""
    shift, turn = random.uniform(0, 25), random.uniform(0, 15)
    found = random_misalignment(random, points, shift, turn, max(elastic_mm, 1e-6))
    still = Misalignment(np.eye(4), found.amplitudes, found.waves, found.phases)
    bent = still.apply(pair.moving) if elastic_mm else pair.moving
    moving = Volume(bent.array, found.rigid @ bent.ijk_to_ras, bent.name)
    return pair.fixed, moving, found.to_moved, "rigid"


def _rigid(pair: TruePair, _: Sequence[TruePair], points: NDArray[np.float64], random: Random) -> Made:
    return _misaligned(pair, points, random, 0.0)


def _elastic(pair: TruePair, _: Sequence[TruePair], points: NDArray[np.float64], random: Random) -> Made:
    most = 6.0 if pair.anatomy == "brain" else 3.0
    return _misaligned(pair, points, random, random.uniform(1.0, most))


def _cropped(pair: TruePair, _: Sequence[TruePair], points: NDArray[np.float64], random: Random) -> Made:
    """Two thirds of the moving volume along its slices, slightly moved."""
    fixed, moving, truth, init = _misaligned(pair, points, random, 0.0)
    count = len(moving.array)
    start = int(random.integers(0, max(1, count // 3)))
    return fixed, _slices(moving, start, start + max(4, 2 * count // 3)), truth, init


def _stored(pair: TruePair, _: Sequence[TruePair], _points: NDArray[np.float64], _random: Random) -> Made:
    return pair.fixed, pair.moving, lambda points: points, "rigid"


def _slices(volume: Volume, start: int, stop: int) -> Volume:
    matrix = volume.ijk_to_ras.copy()
    matrix[:3, 3] += start * matrix[:3, 2]
    return Volume(np.ascontiguousarray(volume.array[start:stop]), matrix, volume.name)


def _stranger(pair: TruePair, pairs: Sequence[TruePair], random: Random, same: bool) -> Volume:
    """The moving volume of someone else, of the same anatomy or of another, put where ours was."""
    others = [
        other
        for other in pairs
        if other.patient != pair.patient
        and (other.anatomy == pair.anatomy) == same
        and (other.modality == pair.modality or not same)
    ]
    other = others[int(random.integers(len(others)))].moving
    matrix = other.ijk_to_ras.copy()
    matrix[:3, 3] += center_ras(pair.moving) - center_ras(other)
    return Volume(other.array, matrix, other.name)


def _other_patient(pair: TruePair, pairs: Sequence[TruePair], _: NDArray[np.float64], random: Random) -> Made:
    return pair.fixed, _stranger(pair, pairs, random, same=True), None, "rigid"


def _organ(pair: TruePair, pairs: Sequence[TruePair], _: NDArray[np.float64], random: Random) -> Made:
    return pair.fixed, _stranger(pair, pairs, random, same=False), None, "rigid"


def _flipped(pair: TruePair, anatomical: int) -> Made:
    """Mirrored content in an unchanged place, as a converter that loses a sign gives it."""
    axis = int(np.abs(pair.moving.direction[anatomical]).argmax())
    array = np.ascontiguousarray(np.flip(pair.moving.array, 2 - axis))
    return pair.fixed, pair.moving.with_array(array), None, "rigid"


def _left_right(pair: TruePair, *_: object) -> Made:
    return _flipped(pair, 0)


def _up_down(pair: TruePair, *_: object) -> Made:
    return _flipped(pair, 2)


def _turned(pair: TruePair, _: Sequence[TruePair], _points: NDArray[np.float64], random: Random) -> Made:
    turn = np.zeros(6)
    turn[int(random.integers(3))] = random.choice([-1, 1]) * np.pi / 2
    pose = pose_matrix(turn, center_ras(pair.moving))
    moving = Volume(pair.moving.array, pose @ pair.moving.ijk_to_ras, pair.moving.name)
    return pair.fixed, moving, lambda points: points @ pose[:3, :3].T + pose[:3, 3], "rigid"


def _half_shifted(pair: TruePair, _: Sequence[TruePair], _p: NDArray[np.float64], random: Random) -> Made:
    """Taken as it lies, half of its own size from where it belongs."""
    axis = int(random.integers(3))
    shift = random.choice([-1, 1]) * extent_mm(pair.moving)[axis] / 2 * pair.moving.direction[:, axis]
    matrix = pair.moving.ijk_to_ras.copy()
    matrix[:3, 3] += shift
    moving = Volume(pair.moving.array, matrix, pair.moving.name)
    return pair.fixed, moving, lambda points: points + shift, "none"


def _noise(pair: TruePair, _: Sequence[TruePair], _p: NDArray[np.float64], random: Random) -> Made:
    values = random.choice(pair.moving.array.ravel(), pair.moving.shape)
    return pair.fixed, pair.moving.with_array(values.astype(np.float32)), None, "rigid"


def _range(pair: TruePair, _: Sequence[TruePair], _p: NDArray[np.float64], _random: Random) -> Made:
    """The lower part of one, the upper part of the other, put on each other."""
    low = _slices(pair.fixed, 0, max(4, 2 * len(pair.fixed.array) // 5))
    count = len(pair.moving.array)
    high = _slices(pair.moving, count - max(4, 2 * count // 5), count)
    matrix = high.ijk_to_ras.copy()
    matrix[:3, 3] += center_ras(low) - center_ras(high)
    return low, Volume(high.array, matrix, high.name), None, "rigid"


_MAKERS: dict[str, Callable[..., Made]] = {
    "rigid": _rigid,
    "elastic": _elastic,
    "cropped": _cropped,
    "stored": _stored,
    "other patient": _other_patient,
    "left-right": _left_right,
    "up-down": _up_down,
    "90 degrees": _turned,
    "organ": _organ,
    "half a head": _half_shifted,
    "noise": _noise,
    "range": _range,
}
