"""The demonstration's pair: a T1 MRI as it is, and a PET that a known misalignment has moved."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from BSAFusionLib.engine.geometry import points_ras
from BSAFusionLib.engine.io import read_volume, write_volume
from numpy.typing import NDArray

from .misalignment import Misalignment, random_misalignment
from .templates import fetch_templates

SHIFT_MM = 12.0
ROTATION_DEGREES = 8.0
ELASTIC_MM = 5.0

_SEED = 1
_POINTS = 5000
_BRAIN_SHARE = 0.4  # of the PET's maximum: grey and white matter, no scalp
_RAS_TO_LPS = np.array([-1.0, -1.0, 1.0])


@dataclass(frozen=True, eq=False)
class Pair:
    """Two files and the truth: points in the fixed volume's brain, (n, 3), RAS mm, and the misalignment."""

    fixed: Path
    moving: Path
    points: NDArray[np.float64]
    truth: Misalignment

    def errors_before(self) -> NDArray[np.float64]:
        """Distance, mm, (n,), between where each point is taken to be and where it is, with nothing done."""
        return self._errors(self.points)

    def errors_after(self, transform_file: Path) -> NDArray[np.float64]:
        """The same with the transform that bsafusion fuse has written; SimpleITK maps the points."""
        transform = sitk.ReadTransform(str(transform_file))
        lps = [transform.TransformPoint(point) for point in (self.points * _RAS_TO_LPS).tolist()]
        return self._errors(np.array(lps) * _RAS_TO_LPS)

    def _errors(self, found: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.linalg.norm(found - self.truth.to_moved(self.points), axis=1))


def make_pair(cache: Path, folder: Path) -> Pair:
    """Write T1.nrrd and PET_moved.nrrd into folder; the templates come from cache, or are fetched into it."""
    fixed, original = map(read_volume, fetch_templates(("T1", "PET"), cache))
    rng = np.random.default_rng(_SEED)
    brain = points_ras(original.grid)[original.array > _BRAIN_SHARE * original.array.max()]
    points = rng.choice(brain, _POINTS, replace=False)
    truth = random_misalignment(rng, points, SHIFT_MM, ROTATION_DEGREES, ELASTIC_MM)
    folder.mkdir(parents=True, exist_ok=True)
    write_volume(fixed, folder / "T1.nrrd")
    write_volume(truth.apply(original), folder / "PET_moved.nrrd")
    return Pair(folder / "T1.nrrd", folder / "PET_moved.nrrd", points, truth)


def run_fuse(pair: Pair, out: Path) -> None:
    """Fuse the pair as a user would; if the command fails, end with its status, as it has said why."""
    files = [str(pair.fixed), str(pair.moving), "--out", str(out), "--force"]
    command = [sys.executable, "-m", "BSAFusionLib", "fuse", *files, "--modality", "pet"]
    status = subprocess.run(command, check=False).returncode
    if status:
        sys.exit(status)
