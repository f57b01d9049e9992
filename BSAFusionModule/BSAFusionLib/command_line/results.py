"""The work of bsafusion fuse: read two files, fuse them, write every result into a private folder."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..engine import FusionConfig, FusionResult, Volume, fuse
from ..engine.errors import DependencyError
from ..engine.io import (
    read_labels,
    read_volume,
    write_color,
    write_displacement,
    write_inverse,
    write_transform,
    write_volume,
)
from ..engine.landmarks import pair_landmarks
from ..engine.point_file import read_points
from ..engine.reference import Reference
from ..engine.result import Progress
from ..engine.segmentations import Segmentations
from ..engine.verdict import withheld
from ..page.html import html_page
from ..page.pictures import take_pictures
from .info_command import versions

Step = tuple[str, Callable[[Path], object]]


def fuse_files(request: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """Serve a request of child.py and return the report that report.json holds."""
    _check_packages()
    progress("Reading the volumes", 0, 2)
    fixed = read_volume(request["fixed"], request["fixed_series"])
    progress("Reading the volumes", 1, 2)
    moving = read_volume(request["moving"], request["moving_series"])
    reference = _read_reference(request)
    result = fuse(fixed, moving, FusionConfig(**request["config"]), progress=progress, reference=reference)
    return write_results(fixed, moving, result, Path(request["folder"]), progress)


def _read_reference(request: dict[str, Any]) -> Reference:
    """Landmarks and segmentations, where the request names them."""
    points, labels = request.get("landmarks"), request.get("segmentations")
    return Reference(
        points and pair_landmarks(*(read_points(Path(path)) for path in points)),
        labels and Segmentations(read_labels(labels[0]), read_labels(labels[1])),
    )


def write_results(
    fixed: Volume, moving: Volume, result: FusionResult, folder: Path, progress: Progress
) -> dict[str, Any]:
    """Write all files of a run into folder, and return the report.

    Where the verdict is "do not use" and nobody insists, these are the report and a preview that says so.
    """
    steps = _steps(fixed, moving, result)
    if withheld(result.report):
        steps = [step for step in steps if step[0] == "preview.png"]
    files: dict[str, str] = {}
    for number, (name, write) in enumerate(steps):
        progress(f"Writing {name}", number, len(steps))
        write(folder / name)
        files[name] = _sha256(folder / name)
    report = {**result.report, "software": versions(), "peak_memory_mb": _peak_memory_mb()}
    page = html_page(report, take_pictures(fixed, moving, result), fixed.name, moving.name)
    (folder / "report.html").write_text(page, encoding="utf-8")
    files["report.html"] = _sha256(folder / "report.html")
    report["files"] = files
    (folder / "report.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return report


def _steps(fixed: Volume, moving: Volume, result: FusionResult) -> list[Step]:
    from ..scene.bundle import write_bundle
    from .fusion_preview import write_preview

    grid = fixed.grid
    steps: list[Step] = [
        ("fused.nrrd", lambda path: write_volume(result.fused, path)),
        ("aligned.nrrd", lambda path: write_volume(result.aligned, path)),
        ("transform.h5", lambda path: write_transform(result.displacement, grid, result.initial, path)),
        ("displacement.nrrd", lambda path: write_displacement(result.displacement, grid, path)),
        ("preview.png", lambda path: write_preview(fixed, moving, result, path)),
        ("scene.mrb", lambda path: write_bundle(fixed, moving, result, path)),
    ]
    color, inverse, confidence = result.fused_color, result.inverse, result.confidence
    if color is not None:
        steps.insert(2, ("fused_color.nrrd", lambda path: write_color(color, grid, path)))
    if inverse is not None:
        steps.append(("inverse_transform.h5", lambda path: write_inverse(inverse, path)))
    if confidence is not None:
        steps.append(("confidence.nrrd", lambda path: write_volume(confidence, path)))
    return steps


def _check_packages() -> None:
    """Before any computing, so that nobody waits for results that cannot be written."""
    for module, package, result in (("PIL", "pillow", "preview.png"), ("slicer", "slicer-core", "scene.mrb")):
        if importlib.util.find_spec(module) is None:
            raise DependencyError(
                f"The package {package}, which writes {result}, is missing: install bsafusion[command-line]."
            )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _peak_memory_mb() -> float | None:
    """The most memory this process has held; None on Windows, which does not tell."""
    if sys.platform == "win32":
        return None
    import resource

    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
