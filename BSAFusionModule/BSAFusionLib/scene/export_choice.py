"""What can be exported, decided without the libraries that write it."""

from __future__ import annotations

from pathlib import Path

import slicer

from .fusion_nodes import FusionNodes, find_fusions


def fusion_of(
    scene: slicer.vtkMRMLScene, transform: slicer.vtkMRMLTransformNode | None
) -> FusionNodes | None:
    """Return the fusion that a transform is a result of, None where there is none."""
    fusions = [each for each in find_fusions(scene) if transform in each.results.values()]
    return fusions[0] if fusions and transform is not None else None


def export_problem(transform: slicer.vtkMRMLTransformNode | None, folder: str) -> str | None:
    """Return one sentence that says why nothing can be exported, or None."""
    if transform is None:
        return "Choose the transform of a fusion."
    if not folder:
        return "Choose a folder."
    if not Path(folder).is_dir():
        return f"'{folder}' is not a folder: choose one that exists."
    return None
