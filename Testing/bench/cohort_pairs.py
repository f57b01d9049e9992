"""A cohort with a known truth: brain templates and patients, each moved by a seeded misalignment.

The patients' folder holds one folder each with {CT,MR_T1,PET}_image.nii.gz in one frame (the layout of the
IBSI soft-tissue sarcoma set).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

import numpy as np
from bsafusion_demo.misalignment import random_misalignment
from bsafusion_demo.templates import fetch_templates
from BSAFusionLib.engine import Grid, Volume
from BSAFusionLib.engine.body_mask import body_mask
from BSAFusionLib.engine.geometry import points_ras
from BSAFusionLib.engine.io import read_volume, write_volume
from BSAFusionLib.engine.resample import resample

_TEMPLATES = (("T1", "PET"), ("T2", "PET"), ("T1", "SPECT"), ("PD", "SPECT"))
_PATIENTS = (("CT", "MR_T1"), ("MR_T1", "PET"))
_MODALITIES = {"T1": "mr", "T2": "mr", "PD": "mr", "MR_T1": "mr", "PET": "pet", "SPECT": "spect", "CT": "ct"}
_SHIFT_MM, _DEGREES, _ELASTIC_MM = 8.0, 6.0, 3.0
_POINTS = 20
_COARSER = 2  # so that forty pairs take minutes on two cores


def make_cohort(folder: Path, patients: Path, cache: Path, count: int) -> Path:
    """Write volumes, landmarks and pairs.csv for count pairs, half of them templates; returns the table."""
    folder.mkdir(parents=True)
    half = count // 2
    sources = [*islice(cycle(_templates(cache)), half), *islice(cycle(_patients(patients)), count - half)]
    rows = [_write_pair(folder, number, *source) for number, source in enumerate(sources)]
    table = folder / "pairs.csv"
    with table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return table


def _templates(cache: Path) -> Iterator[tuple[str, str, Path, Path]]:
    for fixed, moving in _TEMPLATES:
        yield fixed, moving, *fetch_templates((fixed, moving), cache)


def _patients(folder: Path) -> Iterator[tuple[str, str, Path, Path]]:
    for patient in sorted(path for path in folder.iterdir() if path.is_dir()):
        for fixed, moving in _PATIENTS:
            yield fixed, moving, *(patient / f"{name}_image.nii.gz" for name in (fixed, moving))


def _write_pair(
    folder: Path, number: int, fixed_kind: str, moving_kind: str, fixed_file: Path, moving_file: Path
) -> dict[str, str]:
    """Move the moving volume by a misalignment of its own, and write the pair's row."""
    rng = np.random.default_rng(number)
    fixed, moving = _coarser(read_volume(fixed_file)), _coarser(read_volume(moving_file))
    body = points_ras(fixed.grid)[body_mask(fixed)]
    truth = random_misalignment(rng, body, _SHIFT_MM, _DEGREES, _ELASTIC_MM)
    points = rng.choice(body, _POINTS, replace=False)
    name = f"{number:03d}-{fixed_kind}-{moving_kind}".replace("_", "")
    write_volume(fixed, folder / f"{name}-fixed.nrrd")
    write_volume(truth.apply(moving), folder / f"{name}-moving.nrrd")
    for role, where in (("fixed", points), ("moving", truth.to_moved(points))):
        np.savetxt(folder / f"{name}-{role}.csv", where, "%.4f", ",", header="r,a,s", comments="")
    return {
        "id": name,
        "fixed": f"{name}-fixed.nrrd",
        "moving": f"{name}-moving.nrrd",
        "fixed-modality": _MODALITIES[fixed_kind],
        "modality": _MODALITIES[moving_kind],
        "landmarks": f"{name}-fixed.csv; {name}-moving.csv",
    }


def _coarser(volume: Volume) -> Volume:
    """Every second voxel along k, and along i and j where there are many."""
    steps = [_COARSER if n > 60 else 1 for n in volume.shape]
    ijk_to_ras = volume.ijk_to_ras @ np.diag([*steps[::-1], 1.0])
    shape = tuple(len(range(0, n, step)) for n, step in zip(volume.shape, steps, strict=True))
    grid = Grid((shape[0], shape[1], shape[2]), ijk_to_ras)
    return Volume(resample(volume, grid), ijk_to_ras, volume.name)
