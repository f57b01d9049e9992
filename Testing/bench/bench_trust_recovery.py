"""Measure how much of a rigid and elastic misalignment of brains the whole pipeline takes back.

The folder holds the brain templates T1, T2, PD, PET and SPECT and the tissue classes TPM, as .nii, on one
frame (of the package spm-runtime; see bsafusion_demo.templates). T1 stays fixed; each other one, and a CT
made of the tissue classes, is bent smoothly in 3-D, turned and shifted. Errors are mean distances, mm, of
points in the brain from where they belong: "before", after the "rigid" part of the result, "bent" by the
elastic search as well, after "all" of it, and the "best rigid" that a transform fitted to the truth leaves.
The templates themselves agree to 2 to 3 mm. With --json, runs that the file holds already are not made again.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from bsafusion_demo.misalignment import Misalignment, random_misalignment
from BSAFusionLib.engine import FusionConfig, Volume, fuse
from BSAFusionLib.engine.elastic import bend
from BSAFusionLib.engine.geometry import points_ras
from BSAFusionLib.engine.io import read_volume
from BSAFusionLib.engine.network import FusionNetwork, load_network
from BSAFusionLib.engine.resample import total_transform
from BSAFusionLib.engine.result import FusionResult
from BSAFusionLib.engine.sitk_bridge import sitk_affine
from BSAFusionLib.engine.start import rigid_from_landmarks
from BSAFusionLib.engine.transform_file import map_points
from numpy.typing import NDArray

from Testing.bench.json_lines import append_row, read_rows
from Testing.bench.verdict_data import pseudo_ct

KINDS = {"T2": "mr", "PD": "mr", "CT": "ct", "PET": "pet", "SPECT": "spect"}
_POINTS = 3000
_NOTICEABLE_MM = 0.1
_BRAIN_SHARE = 0.4  # of the PET's maximum
Points = NDArray[np.float64]


@dataclass(frozen=True)
class Case:
    """One run; errors in mm, time in s."""

    kind: str
    seed: int
    before: float
    best_rigid: float
    rigid: float
    bent: float
    all: float
    share: float
    folded: int
    smallest_jacobian: float
    inverse_mm: float | None
    verdict: str
    converged: bool
    seconds: float


def measure(folder: Path, kind: str, seed: int, options: argparse.Namespace, network: FusionNetwork) -> Case:
    """Misalign one template by a seeded amount, fuse, and compare with the truth."""
    points, truth, moving = _misaligned(folder, kind, seed, options)
    began = time.perf_counter()
    config = FusionConfig(fixed_modality="mr", modality=KINDS[kind], inverse=options.inverse)
    result = fuse(fixed := read_volume(folder / "T1.nii"), moving, config, network)
    seconds = time.perf_counter() - began
    elastic = bend(fixed, moving, result.initial, lambda *_: None)
    goal = truth.to_moved(points)

    def error(found: Points) -> float:
        return float(np.linalg.norm(found - goal, axis=1).mean())

    def moved(matrix: NDArray[np.float64]) -> Points:
        return np.asarray(points @ matrix[:3, :3].T + matrix[:3, 3])

    return Case(
        kind,
        seed,
        before=error(points),
        best_rigid=error(moved(rigid_from_landmarks(points, goal))),
        rigid=error(moved(result.initial)),
        bent=error(sent(replace(result, displacement=elastic.on(fixed.grid)), points)),
        all=error(sent(result, points)),
        share=elastic.share,
        folded=result.report["quality"]["folds_repaired"],
        smallest_jacobian=result.report["quality"]["jacobian"]["smallest"],
        inverse_mm=result.inverse.max_mm if result.inverse else None,
        verdict=result.report["verdict"]["verdict"],
        converged=result.report["alignment"]["converged"],
        seconds=seconds,
    )


def _misaligned(
    folder: Path, kind: str, seed: int, options: argparse.Namespace
) -> tuple[Points, Misalignment, Volume]:
    """Points in the brain, the seeded misalignment, and the template after it."""
    rng = np.random.default_rng([seed, list(KINDS).index(kind)])
    pet = read_volume(folder / "PET.nii")
    brain = points_ras(pet.grid)[pet.array > _BRAIN_SHARE * pet.array.max()]
    points = rng.choice(brain, _POINTS, replace=False)
    shift, turn = rng.uniform(0, options.mm), rng.uniform(0, options.degrees)
    truth = random_misalignment(rng, points, shift, turn, options.elastic_mm)
    moving = truth.apply(
        pseudo_ct(folder / "TPM.nii") if kind == "CT" else read_volume(folder / f"{kind}.nii")
    )
    return points, truth, moving


def sent(result: FusionResult, points: Points) -> Points:
    """Where the total transform leads fixed points, RAS mm, (n, 3)."""
    transform = total_transform(result.displacement, result.fused.grid, sitk_affine(result.initial))
    return map_points(transform, points)


def report(cases: list[Case], label: str) -> None:
    """Print the statistics of some runs."""
    before, rigid, bent, final = (
        np.array([getattr(c, n) for c in cases]) for n in ("before", "rigid", "bent", "all")
    )
    best, seconds = (np.median([getattr(c, n) for c in cases]) for n in ("best_rigid", "seconds"))
    medians = f"before {np.median(before):5.2f}  best rigid {best:5.2f}  rigid {np.median(rigid):5.2f}"
    medians += f"  bent {np.median(bent):5.2f}"
    shares = f"halved {np.mean(final <= before / 2):4.0%}  increased {np.mean(final > before):4.0%}"
    worse = f"worse than bent {np.mean(final > bent + _NOTICEABLE_MM):4.0%}"
    print(f"{label:6s} n {len(cases):3d}  median mm: {medians}  all {np.median(final):5.2f}  ", end="")
    print(f"{shares}  {worse}  {seconds:.1f} s")


def main() -> None:
    """Run the benchmark that the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "templates", type=Path, help="folder with T1.nii, T2.nii, PD.nii, PET.nii, SPECT.nii, TPM.nii"
    )
    parser.add_argument("--repeats", type=int, default=4, help="misalignments per kind")
    parser.add_argument("--mm", type=float, default=20, help="largest shift")
    parser.add_argument("--degrees", type=float, default=10, help="largest turn")
    parser.add_argument("--elastic-mm", type=float, default=8, help="mean elastic displacement")
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=list(KINDS))
    parser.add_argument("--json", type=Path, help="file for one line of numbers per run")
    parser.add_argument("--seeds", type=int, nargs="+", help="misalignments, instead of --repeats")
    parser.add_argument("--inverse", action="store_true", help="invert each transform as well")
    options = parser.parse_args()
    network = load_network()
    cases = [Case(**row) for row in read_rows(options.json)] if options.json else []
    for seed in options.seeds or range(options.repeats):
        for kind in options.kinds:
            if any((case.kind, case.seed) == (kind, seed) for case in cases):
                continue
            case = measure(options.templates, kind, seed, options, network)
            cases.append(case)
            print(json.dumps(asdict(case)), flush=True)
            if options.json:
                append_row(options.json, asdict(case))
    for kind in options.kinds:
        report([case for case in cases if case.kind == kind], kind)
    report(cases, "all")


if __name__ == "__main__":
    main()
