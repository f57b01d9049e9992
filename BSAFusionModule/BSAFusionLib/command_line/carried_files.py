"""One file after the other through a transform: label maps and pictures, points, meshes."""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from ..engine.apply import apply_to_image, is_label_map
from ..engine.dicom import read_series
from ..engine.errors import InputError
from ..engine.io import read_image
from ..engine.point_file import read_points, write_points
from ..engine.quiet import quiet
from ..engine.sitk_bridge import ijk_to_ras
from ..engine.transform_file import map_points
from ..engine.volume import Grid

_SEGMENTATION = (".seg.nrrd", ".seg.nhdr")
_SEGMENT_KEYS = re.compile(r"Segment\d+_\w+|Segmentation_\w+")
_STALE = ("Segmentation_ConversionParameters", "Segmentation_ReferenceImageExtentOffset")


class Carrier:
    """Carries files of the moving side into the fixed space, or with inverse the other way round.

    transform: from fixed to moving points, LPS mm. reference: an image or a DICOM folder whose grid images
    get; needed for images only. interpolation: one of config.INTERPOLATIONS; label maps and segmentations
    always take nearest.
    """

    def __init__(
        self, transform: sitk.Transform, reference: Path | None, inverse: bool, interpolation: str
    ) -> None:
        self._transform = transform
        self._reference = reference
        self._inverse = inverse
        self._interpolation = interpolation

    def carry_image(self, source: Path, target: Path) -> str:
        """Resample an image onto the reference; returns what was done."""
        segments = source.name.lower().endswith(_SEGMENTATION)
        image = read_series(source) if source.is_dir() else read_image(source, layers=segments)
        labels = segments or is_label_map(image)
        chosen = "nearest" if labels else self._interpolation
        result = apply_to_image(image, self._grid, self._transform, chosen, self._inverse)
        if segments:
            _keep_segments(image, result)
        with quiet():
            try:
                sitk.WriteImage(result, str(target), True)
            except RuntimeError as error:
                raise InputError(
                    f"'{target.name}' cannot be written: make room, or choose another format.", str(error)
                ) from error
        return f"{'labels' if labels else 'values'}, {chosen}"

    def carry_points(self, source: Path, target: Path) -> str:
        """Move the points of a file; returns what was done."""
        file = read_points(source)
        write_points(file.moved(self._moved(file.points)), target)
        return f"{len(file.points)} points"

    def carry_surface(self, source: Path, target: Path) -> str:
        """Move the points of a mesh; returns what was done."""
        from ..scene.surface_file import move_surface

        move_surface(source, target, self._moved)
        return "surface"

    def _moved(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points go the other way than the transform, which says where each fixed point lies in moving."""
        return map_points(self._transform, points, inverse=not self._inverse)

    @cached_property
    def _grid(self) -> Grid:
        assert self._reference is not None
        return read_grid(self._reference)


def read_grid(path: Path) -> Grid:
    """Read where the voxels of an image or of a DICOM folder lie; raises InputError or GeometryError."""
    if not path.exists():
        raise InputError(f"'{path}' does not exist: check --reference.")
    image = read_series(path) if path.is_dir() else read_image(path, layers=True)
    columns, rows, slices = image.GetSize()
    return Grid((slices, rows, columns), ijk_to_ras(image))


def _keep_segments(source: sitk.Image, result: sitk.Image) -> None:
    """Keep names, colours and label values of the segments; their extents are those of the new grid."""
    extent = " ".join(f"0 {count - 1}" for count in result.GetSize())
    for key in source.GetMetaDataKeys():
        if _SEGMENT_KEYS.fullmatch(key) and key not in _STALE:
            result.SetMetaData(key, extent if key.endswith("_Extent") else source.GetMetaData(key))
