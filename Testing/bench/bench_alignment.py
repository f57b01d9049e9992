"""Measure the initial alignment on volumes that are moved by known rigid transforms.

The folder holds one folder per patient with {CT,MR_T1,PET}_image.nii.gz in one frame (the layout of the IBSI
soft-tissue sarcoma set). Every pair is aligned once as it is stored and then from random poses. Each error is
the mean distance in mm over the fixed body inside the moving field of view: "stored" takes the stored frame
for the truth, "repeated" the alignment found without a perturbation, "drift" is the distance of the two.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from BSAFusionLib.engine.alignment import LinearAlignment, align
from BSAFusionLib.engine.body_mask import body_mask
from BSAFusionLib.engine.geometry import center_ras, points_ras
from BSAFusionLib.engine.io import read_volume
from BSAFusionLib.engine.pose import pose_matrix
from BSAFusionLib.engine.volume import Volume
from numpy.typing import NDArray

PAIRS = (("CT", "MR_T1"), ("MR_T1", "PET"), ("CT", "PET"))
FAILED_MM = 10.0
Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]


def random_pose(random: np.random.Generator, most_mm: float, most_deg: float, center: Vector) -> Matrix:
    """A shift of 0 to most_mm and a turn of 0 to most_deg about center, both in random directions."""
    turn, shift = random.normal(size=(2, 3))
    turn *= np.radians(random.uniform(0, most_deg)) / np.linalg.norm(turn)
    shift *= random.uniform(0, most_mm) / np.linalg.norm(shift)
    return pose_matrix(np.concatenate([turn, shift]), center)


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


def errors(
    fixed: Volume, moving: Volume, poses: list[Matrix]
) -> Iterator[tuple[dict[str, float], LinearAlignment]]:
    """Align from every pose; the errors in mm by name, and the alignment."""
    points = body_points(fixed, moving)
    unperturbed = align(fixed, moving).matrix
    drift = error_mm(points, unperturbed, np.eye(4))
    for pose in poses:
        found = align(fixed, Volume(moving.array, pose @ moving.ijk_to_ras, moving.name))
        stored = error_mm(points, found.matrix, pose)
        repeated = error_mm(points, found.matrix, pose @ unperturbed)
        yield {"stored": stored, "repeated": repeated, "drift": drift}, found


def report(label: str, runs: list[tuple[dict[str, float], LinearAlignment]]) -> None:
    """Print the statistics of one pair of modalities."""
    for name in runs[0][0]:
        values = np.array([errors[name] for errors, _ in runs])
        under = ", ".join(f"{100 * (values < limit).mean():.0f} % < {limit} mm" for limit in (1, 2, 5))
        spread = f"median {np.median(values):5.2f}  P95 {np.percentile(values, 95):6.2f}"
        print(f"{label:13s} {name:9s} n {values.size:3d}  mean {values.mean():5.2f}  {spread}  {under}")
    seconds = [found.seconds for _, found in runs]
    doubted = sum(not found.converged for _, found in runs)
    failed = [found for errors, found in runs if errors["repeated"] > FAILED_MM]
    noticed = sum(not found.converged for found in failed)
    times = f"{np.median(seconds):.1f} s median, {max(seconds):.1f} s at most"
    print(f"{label:13s} {times}, {doubted} not converged; {noticed} of {len(failed)} failures noticed")


def main() -> None:
    """Run the benchmark that the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, help="folder with one folder per patient")
    parser.add_argument("--every", type=int, default=1, help="take every n-th patient only")
    parser.add_argument("--repeats", type=int, default=1, help="random poses per pair")
    parser.add_argument("--mm", type=float, default=30, help="largest shift")
    parser.add_argument("--degrees", type=float, default=20, help="largest turn")
    parser.add_argument("--seed", type=int, default=2026)
    options = parser.parse_args()
    random = np.random.default_rng(options.seed)
    runs: dict[tuple[str, str], list[tuple[dict[str, float], LinearAlignment]]] = {pair: [] for pair in PAIRS}
    for folder in sorted(path for path in options.data.iterdir() if path.is_dir())[:: options.every]:
        for pair in PAIRS:
            fixed, moving = (read_volume(folder / f"{name}_image.nii.gz") for name in pair)
            center = center_ras(moving)
            poses = [random_pose(random, options.mm, options.degrees, center) for _ in range(options.repeats)]
            for run in errors(fixed, moving, poses):
                runs[pair].append(run)
                text = "  ".join(f"{name} {value:.2f}" for name, value in run[0].items())
                print(f"{folder.name} {pair[0]} to {pair[1]}: {text}  {run[1].note}", flush=True)
    for pair in PAIRS:
        report(" to ".join(pair), runs[pair])


if __name__ == "__main__":
    main()
