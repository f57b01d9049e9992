"""Surface and volume meshes in files, read and written as Slicer does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..engine.errors import InputError
from ..engine.quiet import quiet
from .standalone import standalone_scene


def move_surface(
    source: Path, target: Path, move: Callable[[NDArray[np.float64]], NDArray[np.float64]]
) -> None:
    """Write a copy of a mesh whose points, (N, 3), RAS mm, went through move.

    Files that do not name their coordinate system are taken for LPS, and the copy says LPS, as Slicer does.
    Raises DependencyError without slicer-core, InputError where a file cannot be read or written.
    """
    with standalone_scene(target.parent) as scene:
        node = scene.AddNewNodeByClass("vtkMRMLModelNode")
        storage = scene.AddNewNodeByClass("vtkMRMLModelStorageNode")
        storage.SetFileName(str(source))
        with quiet():
            read = storage.ReadData(node)
        if not read or node.GetMesh() is None or node.GetMesh().GetNumberOfPoints() == 0:
            raise InputError(
                f"'{source}' holds no surface that can be read: use .vtk, .vtp, .stl, .ply or .obj."
            )
        from .moved_points import move_mesh

        node.SetAndObserveMesh(move_mesh(node.GetMesh(), move))
        storage.SetFileName(str(target))
        with quiet():
            written = storage.WriteData(node)
        if not written:
            raise InputError(f"'{target}' cannot be written: choose another folder or another format.")
