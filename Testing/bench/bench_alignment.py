"""Measure the initial alignment on volumes that are moved by known linear transforms.

LIMBS holds one folder per patient with {CT,MR_T1,PET}_image.nii.gz in one frame (the layout of the IBSI
soft-tissue sarcoma set), TEMPLATES the brain templates T1, T2, PD, PET, SPECT and the tissue classes TPM, as
.nii, on one frame (of the package spm-runtime), ATLAS {CT,SPECT}-MRI of aligned slices. "measure" appends
one line per run to a file and goes on where it ended; "table" prints what the file holds. Every pair is
aligned as it is stored, then from random poses. Errors are mean distances in mm over the fixed body inside
the moving field of view: "stored" takes the stored frame for the truth, "own" the pose that fits best as it
is stored. Seconds are those of one core.
"""

from __future__ import annotations

import argparse
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from BSAFusionLib.engine.alignment import align
from BSAFusionLib.engine.alignment_search import AlignmentSearch
from BSAFusionLib.engine.body_mask import body_mask
from BSAFusionLib.engine.geometry import center_ras, points_ras
from BSAFusionLib.engine.io import read_volume
from BSAFusionLib.engine.pose import pose_matrix
from BSAFusionLib.engine.volume import Volume
from numpy.typing import NDArray

from Testing.bench.alignment_table import print_table
from Testing.bench.json_lines import append_row, read_rows
from Testing.bench.made_volumes import made_mr, made_pet, read_mask
from Testing.bench.verdict_data import atlas_brains, pseudo_ct

LIMB_PAIRS = {"CT-MR": ("CT", "MR_T1"), "PET-MR": ("MR_T1", "PET"), "PET-CT": ("CT", "PET")}
TEMPLATES = ("T2", "PD", "CT", "PET", "SPECT")
Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Pair:
    """Two volumes on one frame: its kind, such as PET-CT, whose they are, and how to read them."""

    kind: str
    patient: str
    read: Callable[[], tuple[Volume, Volume]]


@dataclass(frozen=True)
class Run:
    """One alignment: from where, and what came of it; errors in mm, seconds of one core."""

    kind: str
    patient: str
    method: str
    mm: float
    degrees: float
    scale: float
    seed: int
    stored: float = 0.0
    own: float = 0.0
    seconds: float = 0.0
    converged: bool = True
    note: str = ""
    matrix: list[list[float]] = field(default_factory=list)
    uncertainty: float | None = None

    @property
    def key(self) -> tuple[Any, ...]:
        """What tells it from other runs."""
        return self.kind, self.patient, self.method, self.mm, self.degrees, self.scale, self.seed


def limb_pairs(patients: list[Path], kinds: list[str]) -> Iterator[Pair]:
    """The pairs of patients, each a folder."""
    for patient in patients:
        for kind in kinds:
            files = [patient / f"{name}_image.nii.gz" for name in LIMB_PAIRS[kind]]
            yield Pair(kind, patient.name, lambda f=files: (read_volume(f[0]), read_volume(f[1])))


def made_pairs(patients: list[Path], kinds: list[str]) -> Iterator[Pair]:
    """The same with MR and PET made from the CT of the patient, on the places of the true ones."""
    for patient in patients:

        def read(kind: str, patient: Path = patient) -> tuple[Volume, Volume]:
            volumes = {name: read_volume(patient / f"{name}_image.nii.gz") for name in ("CT", "MR_T1", "PET")}
            tumour, seed = read_mask(patient / "CT_mask.nii.gz"), zlib.crc32(patient.name.encode())
            made = {
                "CT": volumes["CT"],
                "MR_T1": made_mr(volumes["CT"], volumes["MR_T1"], seed),
                "PET": made_pet(volumes["CT"], tumour, volumes["PET"], seed + 1),
            }
            first, second = LIMB_PAIRS[kind]
            return made[first], made[second]

        for kind in kinds:
            yield Pair(f"{kind} made", patient.name, partial(read, kind))


def template_pairs(folder: Path) -> Iterator[Pair]:
    """The T1 template with every other one."""
    for name in TEMPLATES:

        def read(name: str = name) -> tuple[Volume, Volume]:
            other = pseudo_ct(folder / "TPM.nii") if name == "CT" else read_volume(folder / f"{name}.nii")
            return read_volume(folder / "T1.nii"), other

        yield Pair(f"T1-{name}", "template", read)


def atlas_pairs(folder: Path) -> Iterator[Pair]:
    """MR with CT or SPECT of brains stacked from slices."""
    for pair in atlas_brains(folder):
        kind = f"MR-{pair.modality.upper()} atlas"
        yield Pair(kind, pair.patient, lambda pair=pair: (pair.fixed, pair.moving))


def random_pose(
    random: np.random.Generator, most_mm: float, most_deg: float, scale: float, center: Vector
) -> Matrix:
    """A shift and a turn about center in random directions, each of any size up to the given, and scales."""
    turn, shift = random.normal(size=(2, 3))
    turn *= np.radians(random.uniform(0, most_deg)) / np.linalg.norm(turn)
    shift *= random.uniform(0, most_mm) / np.linalg.norm(shift)
    scales = np.log1p(random.uniform(-scale, scale, 3))
    return pose_matrix(np.concatenate([turn, shift, scales, np.zeros(3)]), center)


def body_points(fixed: Volume, moving: Volume) -> NDArray[np.float64]:
    """Points of the fixed body that lie in the moving field of view, (n, 3), RAS mm."""
    points = points_ras(fixed.grid)[body_mask(fixed)][::53]
    ras_to_ijk = np.linalg.inv(moving.ijk_to_ras)
    index = points @ ras_to_ijk[:3, :3].T + ras_to_ijk[:3, 3]
    return np.asarray(points[((index >= 0) & (index <= np.array(moving.shape[::-1]) - 1)).all(axis=1)])


def error_mm(points: NDArray[np.float64], found: Matrix, truth: Matrix) -> float:
    """Mean distance of the points under two transforms, mm."""
    difference = found - truth
    return float(np.linalg.norm(points @ difference[:3, :3].T + difference[:3, 3], axis=1).mean())


def measure(pair: Pair, volumes: tuple[Volume, Volume], plan: Run, own: Matrix) -> Run:
    """Make one run as planned; own: the pose that fits the stored pair best, taken or not."""
    fixed, moving = volumes
    random = np.random.default_rng([plan.seed, zlib.crc32(f"{pair.kind} {pair.patient}".encode())])
    pose = random_pose(random, plan.mm, plan.degrees, plan.scale, center_ras(moving))
    began = time.process_time()
    found = align(fixed, Volume(moving.array, pose @ moving.ijk_to_ras, moving.name), plan.method)
    seconds, points = time.process_time() - began, body_points(fixed, moving)
    answer = found.matrix
    if not plan.mm and np.array_equal(answer, np.eye(4)):
        answer = AlignmentSearch(fixed, moving).rigid().matrix
    return Run(
        *plan.key,
        stored=error_mm(points, found.matrix, pose),
        own=error_mm(points, answer, pose @ own) if plan.mm else 0.0,
        seconds=seconds,
        converged=found.converged,
        note=found.note,
        matrix=answer.tolist(),
        uncertainty=found.uncertainty_mm,
    )


def measure_pair(pair: Pair, plans: list[Run], file: Path, until: float) -> None:
    """Make the runs of one pair that the file lacks; at first the pair as it is stored."""
    done = {run.key: run for run in read_runs(file)}
    missing = [plan for plan in plans if plan.key not in done]
    if not missing or time.process_time() > until:
        return
    volumes = pair.read()
    for plan in missing:
        if time.process_time() > until:
            return
        still = done.get(Run(pair.kind, pair.patient, plan.method, 0, 0, 0, 0).key)
        run = measure(pair, volumes, plan, np.array(still.matrix) if still else np.eye(4))
        done[run.key] = run
        append_row(file, asdict(run))
        print(f"{run.patient} {run.kind} {run.mm:.0f} mm: {run.stored:.2f} {run.own:.2f}  {run.note}")


def read_runs(file: Path) -> list[Run]:
    """The runs that a file holds."""
    return [Run(**row) for row in read_rows(file)]


def plans(pair: Pair, options: argparse.Namespace) -> list[Run]:
    """The pair as it is stored, then moved."""
    still = Run(pair.kind, pair.patient, options.method, 0, 0, 0, 0)
    moved = (options.mm, options.degrees, options.scale)
    seeds = range(1, options.repeats + 1)
    return [still, *(Run(pair.kind, pair.patient, options.method, *moved, seed) for seed in seeds)]


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("action", choices=("measure", "table"))
    parser.add_argument("file", type=Path, help="one line of JSON per run")
    parser.add_argument("--limbs", type=Path, help="folder with one folder per patient")
    parser.add_argument("--templates", type=Path, help="folder with the brain templates")
    parser.add_argument("--atlas", type=Path, help="folder with the slices of brains")
    parser.add_argument("--kinds", nargs="+", default=list(LIMB_PAIRS), choices=list(LIMB_PAIRS))
    parser.add_argument(
        "--made", action="store_true", help="MR and PET made from the CTs, with an exact truth"
    )
    parser.add_argument("--every", type=int, default=1, help="take every n-th patient only")
    parser.add_argument("--first", type=int, default=0, help="from this one, 0: the first")
    parser.add_argument("--method", default="rigid", choices=("rigid", "affine"))
    parser.add_argument("--repeats", type=int, default=1, help="random poses per pair")
    parser.add_argument("--mm", type=float, default=30, help="largest shift")
    parser.add_argument("--degrees", type=float, default=20, help="largest turn")
    parser.add_argument(
        "--scale", type=float, default=0, help="largest change of size along an axis, 0.08: 8 %%"
    )
    parser.add_argument("--seconds", type=float, default=1e9, help="begin no run after so much of one core")
    options = parser.parse_args()
    if options.action == "table":
        print_table([asdict(run) for run in read_runs(options.file)])
        return
    for pair in _pairs(options):
        measure_pair(pair, plans(pair, options), options.file, options.seconds)


def _pairs(options: argparse.Namespace) -> Iterator[Pair]:
    if options.limbs:
        patients = sorted(path for path in options.limbs.iterdir() if path.is_dir())
        limbs = made_pairs if options.made else limb_pairs
        yield from limbs(patients[options.first :: options.every], options.kinds)
    if options.templates:
        yield from template_pairs(options.templates)
    if options.atlas:
        yield from atlas_pairs(options.atlas)


if __name__ == "__main__":
    main()
