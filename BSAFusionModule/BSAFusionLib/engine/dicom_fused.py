"""The fused picture as DICOM Secondary Capture, with its purpose burned in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .dicom_common import (
    Export,
    describe_derivation,
    new_series,
    place_slice,
    refer_to_series,
    upright,
    write,
)
from .volume import Grid

BURNED_IN = "fused, display only"
_SMALLEST_SIDE = 384  # pixels; smaller pictures are enlarged, so that the words can be read
_SHARE = 22  # of the picture's width for a letter


def write_fused(
    picture: NDArray[np.uint8], grid: Grid, export: Export, folder: Path, names: tuple[str, str]
) -> int:
    """Write a fused picture, uint8, (K, J, I) or (K, J, I, 3), one capture a slice; returns their number.

    Every capture says "fused, display only" in its pixels and names the images it was made from. Small
    pictures are enlarged by a whole factor. names: what the moving and the fixed volume are called.
    """
    from pydicom.sr.codedict import codes
    from pydicom.uid import SecondaryCaptureImageStorage

    dataset = new_series(export, 9002, f"{names[1]} fused with {names[0]}, display only")
    dataset.Modality = "OT"
    dataset.ConversionType = "WSD"
    dataset.SecondaryCaptureDeviceManufacturer = dataset.Manufacturer
    dataset.SecondaryCaptureDeviceSoftwareVersions = dataset.SoftwareVersions
    dataset.ImageType = ["DERIVED", "SECONDARY"]
    dataset.BurnedInAnnotation = "YES"
    dataset.LossyImageCompression = "00"
    text = "Picture of two registered series, fused by a neural network; its values cannot be measured"
    sources = [export.fixed, export.moving]
    describe_derivation(dataset, text, [codes.DCM.SpatialResampling], sources)
    refer_to_series(dataset, sources)
    picture, grid = upright(picture, grid)
    factor = max(1, -(-_SMALLEST_SIDE // min(picture.shape[1:3])))
    fine = _divided(grid, factor)
    _describe_pixels(dataset, fine.shape, colour=picture.ndim == 4)
    for k, tile in enumerate(picture):
        place_slice(dataset, fine, k)
        marked = _marked(tile.repeat(factor, axis=0).repeat(factor, axis=1))
        dataset.PixelData = marked.tobytes() + b"\0" * (marked.size % 2)
        write(dataset, SecondaryCaptureImageStorage, k + 1, folder / f"IM{k + 1:04d}.dcm")
    return len(picture)


def _divided(grid: Grid, factor: int) -> Grid:
    """The grid with factor x factor pixels in place of each; its outer edges stay."""
    slices, rows, columns = grid.shape
    ijk_to_ras = grid.ijk_to_ras.copy()
    ijk_to_ras[:3, :2] /= factor
    ijk_to_ras[:3, 3] -= ijk_to_ras[:3, :2].sum(axis=1) * (factor - 1) / 2
    return Grid((slices, rows * factor, columns * factor), ijk_to_ras)


def _describe_pixels(dataset: Any, shape: tuple[int, int, int], colour: bool) -> None:
    _, dataset.Rows, dataset.Columns = shape
    dataset.SamplesPerPixel = 3 if colour else 1
    dataset.PhotometricInterpretation = "RGB" if colour else "MONOCHROME2"
    if colour:
        dataset.PlanarConfiguration = 0
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit = 7
    dataset.PixelRepresentation = 0


def _marked(tile: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Burn the words into the lower left corner, white on black."""
    from PIL import Image, ImageDraw, ImageFont

    image = Image.fromarray(np.ascontiguousarray(tile))
    draw = ImageDraw.Draw(image)
    size = max(12, image.width // _SHARE)
    white, black = ((255,) * 3, (0,) * 3) if tile.ndim == 3 else (255, 0)
    draw.text(
        (size // 2, image.height - size // 2),
        BURNED_IN,
        fill=white,
        anchor="ls",
        font=ImageFont.load_default(size),
        stroke_width=max(1, size // 8),
        stroke_fill=black,
    )
    return np.asarray(image)
