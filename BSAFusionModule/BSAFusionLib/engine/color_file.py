"""The fused picture of a folder of results."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from .io import read_image


def read_color(folder: Path) -> NDArray[np.uint8]:
    """Read fused_color.nrrd, (K, J, I, 3), or where there is none fused.nrrd, (K, J, I), from 0 to 255.

    Raises InputError where neither can be read.
    """
    if (folder / "fused_color.nrrd").exists():
        image = read_image(folder / "fused_color.nrrd", layers=True)
        return np.asarray(sitk.GetArrayFromImage(image), np.uint8)
    return grey_bytes(sitk.GetArrayFromImage(read_image(folder / "fused.nrrd")))


def grey_bytes(values: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Values in [0, 1] as 0 to 255."""
    return np.asarray(np.rint(255 * np.clip(values, 0, 1)), np.uint8)
