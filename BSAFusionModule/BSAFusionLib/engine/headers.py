"""What the ITK readers let pass in silence: odd spacings, and NIfTI files that were cut short."""

from __future__ import annotations

import gzip
import os
import re
import struct
import zlib
from pathlib import Path
from typing import BinaryIO

from .errors import GeometryError, InputError

_TEXT_SPACING = re.compile(rb"^(?:ElementSpacing\s*=|spacings\s*:)\s*(.+)$", re.MULTILINE | re.IGNORECASE)
_CHUNK = 1 << 22
_PROMISE = 1 << 32


def check_header(path: Path) -> None:
    """Refuse a file whose spacing is zero or negative (GeometryError), or NIfTI cut short (InputError).

    ITK replaces a spacing of zero in NIfTI by 1 and turns a negative one into a flipped axis. Compressed
    NIfTI is taken at its word that it is complete: see check_content.
    """
    if not _is_nifti(path):
        with path.open("rb") as file:
            found = _TEXT_SPACING.search(file.read(4096))
        if found:
            _check_spacing(path, [float(n) for n in found[1].split() if _is_number(n)])
        return
    header, _ = _read_nifti(path, whole=False)
    if header is not None:
        spacing, needed = _nifti_layout(header)
        _check_spacing(path, spacing)
        if _promised(path) != needed % _PROMISE:
            check_content(path)


def check_content(path: Path) -> None:
    """Refuse NIfTI that is cut short (InputError), whose missing voxels ITK fills with whatever is in memory.

    All of a compressed file is unpacked.
    """
    if not _is_nifti(path):
        return
    header, held = _read_nifti(path, whole=True)
    if header is None:
        return
    _, needed = _nifti_layout(header)
    if held < needed:
        raise InputError(f"'{path}' is cut short, it holds {held} of {needed} bytes: copy it again.")


def _is_nifti(path: Path) -> bool:
    return path.name.endswith((".nii", ".nii.gz"))


def _read_nifti(path: Path, whole: bool) -> tuple[bytes | None, int]:
    """The header, None where it is something else under a wrong name, and the bytes that the file holds."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            header = file.read(544)
            held = len(header) + (_count(file) if whole else 0)
    except gzip.BadGzipFile:
        return None, 0
    except (EOFError, zlib.error) as error:
        raise InputError(f"'{path}' is damaged or cut short: copy it again.", str(error)) from error
    known = b"n+1\0" in header[344:348] or b"n+2\0" in header[4:8]
    return (header if known else None), held  # of something else ITK says what is wrong


def _promised(path: Path) -> int:
    """How many bytes the file claims to hold, modulo 2^32: gzip ends with that number (RFC 1952)."""
    if path.suffix != ".gz":
        return path.stat().st_size % _PROMISE
    with path.open("rb") as file:
        file.seek(-4, os.SEEK_END)
        return int.from_bytes(file.read(4), "little")


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
