"""Aligned 2-D pairs from 3-D volumes of one patient in one frame, other anatomy than the network learnt."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from BSAFusionLib.engine import Grid, Volume
from BSAFusionLib.engine.geometry import center_ras
from BSAFusionLib.engine.intensity import apply_window, resolve_window
from BSAFusionLib.engine.io import read_volume
from BSAFusionLib.engine.resample import resample
from numpy.typing import NDArray
from torch import Tensor

from ..network.mdf_fr import MODALITIES
from .pairs import Pairs

FILES = {"CT-MRI": ("CT_image.nii.gz", "ct"), "PET-MRI": ("PET_image.nii.gz", "pet")}
FIXED = "MR_T1_image.nii.gz"
PIXELS = 256


def slice_grid(fixed: Volume, count: int) -> Grid:
    """Return a grid of `count` slices of 256 x 256 pixels of 1 mm over the middle of the fixed volume."""
    slices = fixed.array.shape[0]
    directions = fixed.ijk_to_ras[:3, :3] / fixed.spacing
    step = slices * fixed.spacing[2] / (count + 1)
    ijk_to_ras = np.eye(4)
    ijk_to_ras[:3, :3] = directions * np.array([1.0, 1.0, step])
    middle = (np.array([PIXELS, PIXELS, count]) - 1) / 2
    ijk_to_ras[:3, 3] = center_ras(fixed) - ijk_to_ras[:3, :3] @ middle
    return Grid((count, PIXELS, PIXELS), ijk_to_ras)


def bytes_on(volume: Volume, modality: str, grid: Grid) -> NDArray[np.uint8]:
    """Return the volume as 8-bit slices on the grid, windowed as the product does; 0 where it does not
    reach."""
    unit = apply_window(resample(volume, grid, fill=float("nan")), resolve_window(volume, modality, "auto"))
    return np.round(np.nan_to_num(unit) * 255).astype(np.uint8)


def read_volume_pairs(folder: Path, name: str, per_patient: int) -> Pairs:
    """Read slices of all patients of a folder that holds one folder each; name is a key of FILES.

    Raises FileNotFoundError where no patient is found.
    """
    file, modality = FILES[name]
    patients = sorted(path for path in folder.iterdir() if (path / file).exists())
    if not patients:
        raise FileNotFoundError(f"no folder in {folder} holds {file}")
    fixed: list[Tensor] = []
    moving: list[Tensor] = []
    for patient in patients:
        mr = read_volume(patient / FIXED)
        grid = slice_grid(mr, per_patient)
        fixed.append(torch.from_numpy(bytes_on(mr, "mr", grid)))
        moving.append(torch.from_numpy(bytes_on(read_volume(patient / file), modality, grid)))
    return join_pairs(fixed, moving, modality, [path.name for path in patients])


def join_pairs(fixed: list[Tensor], moving: list[Tensor], modality: str, patients: list[str]) -> Pairs:
    """Return the slices (n, H, W) of all patients, equally many of each, as pairs."""
    count = len(fixed[0])
    cases = [name for name in patients for _ in range(count)]
    names = [f"{index:02d}{number:03d}" for index in range(len(patients)) for number in range(count)]
    kinds = torch.full((len(names),), MODALITIES.index(modality))
    return Pairs(torch.cat(fixed), torch.cat(moving), kinds, cases, names)
