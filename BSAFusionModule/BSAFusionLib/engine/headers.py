"""What the ITK readers let pass in silence: odd spacings, and NIfTI files that were cut short."""

from __future__ import annotations

import gzip
import re
import struct
import zlib
from pathlib import Path
from typing import BinaryIO

from .errors import GeometryError, InputError

_TEXT_SPACING = re.compile(rb"^(?:ElementSpacing\s*=|spacings\s*:)\s*(.+)$", re.MULTILINE | re.IGNORECASE)
_CHUNK = 1 << 22


def check_header(path: Path) -> None:
    """Refuse a file whose spacing is zero or negative (GeometryError), or NIfTI cut short (InputError).

    ITK replaces a spacing of zero in NIfTI by 1, turns a negative one into a flipped axis, and fills
    missing NIfTI voxels with whatever is in memory.
    """
    if path.name.endswith((".nii", ".nii.gz")):
        _check_nifti(path)
    else:
        with path.open("rb") as file:
            found = _TEXT_SPACING.search(file.read(4096))
        if found:
            _check_spacing(path, [float(n) for n in found[1].split() if _is_number(n)])


def _check_nifti(path: Path) -> None:
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            header = file.read(544)
            held = len(header) + _count(file)
    except gzip.BadGzipFile:
        return
    except (EOFError, zlib.error) as error:
        raise InputError(f"'{path}' is damaged or cut short: copy it again.", str(error)) from error
    if b"n+1\0" not in header[344:348] and b"n+2\0" not in header[4:8]:
        return  # something else under a wrong name: ITK says what
    spacing, needed = _nifti_layout(header)
    _check_spacing(path, spacing)
    if held < needed:
        raise InputError(f"'{path}' is cut short, it holds {held} of {needed} bytes: copy it again.")


def _nifti_layout(header: bytes) -> tuple[list[float], int]:
    """Spacing of the first three axes, and the size in bytes the whole file must have."""
    order = "<" if header[:4] in (b"\x5c\x01\x00\x00", b"\x1c\x02\x00\x00") else ">"
    if struct.unpack(order + "i", header[:4])[0] == 540:  # NIfTI-2
        bits, *dim = struct.unpack_from(order + "h8q", header, 14)
        spacing = struct.unpack_from(order + "3d", header, 112)
        offset = struct.unpack_from(order + "q", header, 168)[0]
    else:
        dim = list(struct.unpack_from(order + "8h", header, 40))
        bits = struct.unpack_from(order + "h", header, 72)[0]
        spacing = struct.unpack_from(order + "3f", header, 80)
        offset = struct.unpack_from(order + "f", header, 108)[0]
    voxels = 1
    for length in dim[1 : 1 + dim[0]]:
        voxels *= max(length, 1)
    return list(spacing[: dim[0]]), int(offset) + voxels * bits // 8


def _count(file: BinaryIO | gzip.GzipFile) -> int:
    size = 0
    while chunk := file.read(_CHUNK):
        size += len(chunk)
    return size


def _check_spacing(path: Path, spacing: list[float]) -> None:
    if any(not value > 0 for value in spacing):
        numbers = " x ".join(f"{value:g}" for value in spacing)
        raise GeometryError(
            f"'{path}' has a spacing of {numbers} mm: each must be above zero, so correct it."
        )


def _is_number(word: bytes) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return word.lower() != b"nan"  # NRRD marks an axis without spacing so
