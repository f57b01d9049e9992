"""Volume nodes as engine volumes, at the place where the views show them."""

from __future__ import annotations

import numpy as np
import slicer
import vtk
from numpy.typing import NDArray

from ..engine.errors import BSAFusionError, GeometryError, InputError
from ..engine.geometry import check_volume
from ..engine.steps import Steps, finish
from ..engine.volume import Grid, Volume
from .pull import reslicer
from .vtk_bridge import array, node_matrix, transformed, voxels

_LARGEST_GROWTH = 8  # voxels after a non-linear transform over voxels before
_SAMPLES = 17  # points along each axis that outline a warped volume
_STEP_VOXELS = 1 << 14  # as many as are resampled in some milliseconds


def read_volume(node: slicer.vtkMRMLNode, role: str = "chosen") -> Volume:
    """Copy a vtkMRMLScalarVolumeNode into a volume, float32, (K, J, I), in world RAS mm.

    Linear parent transforms, chains included, go into ijk_to_ras. Under a non-linear one the volume is
    resampled linearly at its own spacing and orientation, on the smallest grid that holds all of the moved
    volume and one voxel more on either side; voxels outside the volume take its minimum.
    role: "fixed" or "moving", as messages shall call it.
    Raises InputError where the node is no scalar volume with content, GeometryError for its place.
    """
    view_volume(node, role)
    volume = finish(reading_volume(node, role))
    return Volume(volume.array.astype(np.float32), volume.ijk_to_ras, volume.name)


def reading_volume(node: slicer.vtkMRMLNode, role: str) -> Steps[Volume]:
    """As `read_volume`, in steps, for a node that `view_volume` accepts.

    The volume's array is the node's own, in its type, except where the node had to be resampled.
    """
    local = _local_volume(node, role)
    if is_warped(node):
        return (yield from _unwarping(local, node))
    return local


def usable(node: slicer.vtkMRMLNode | None, role: str = "chosen") -> str | None:
    """Return why a node cannot be fused, in one sentence, or None; no voxel is copied."""
    try:
        view_volume(node, role)
    except BSAFusionError as error:
        return error.message
    return None


def transform_note(node: slicer.vtkMRMLNode) -> str | None:
    """Say in one sentence what a node's parent transforms mean for its reading; None without any."""
    parent = node.GetParentTransformNode()
    if parent is None:
        return None
    if is_warped(node):
        return (
            f"'{node.GetName()}' is moved by the non-linear transform '{parent.GetName()}': "
            "it is resampled at its own spacing before the fusion."
        )
    return (
        f"'{node.GetName()}' is moved by the transform '{parent.GetName()}': it is fused where it is shown."
    )


def view_volume(node: slicer.vtkMRMLNode | None, role: str) -> Volume:
    """View a node's voxels, (K, J, I) in their own type, linear parents applied; nothing is copied.

    Raises as read_volume does. Under a non-linear parent the place is the node's own, in RAS mm.
    """
    volume = _local_volume(node, role)
    check_volume(volume, role)
    return volume


def _local_volume(node: slicer.vtkMRMLNode | None, role: str) -> Volume:
    if node is None:
        raise InputError(f"There is no {role} volume: choose one.")
    label = f"The {role} volume '{node.GetName()}'"
    image = _scalar_image(node, label)
    _check_handedness(node, label)
    return Volume(voxels(image), ijk_to_world(node), node.GetName())  # type: ignore[arg-type]


def _check_handedness(node: slicer.vtkMRMLNode, label: str) -> None:
    """Refuse a linear parent transform that would turn the patient into the mirror image."""
    parent = node.GetParentTransformNode()
    if parent is None or is_warped(node):
        return
    to_world = vtk.vtkMatrix4x4()
    parent.GetMatrixTransformToWorld(to_world)
    if to_world.Determinant() < 0:
        raise GeometryError(
            f"{label} lies under the transform '{parent.GetName()}', which mirrors it (determinant "
            f"{to_world.Determinant():.2f}): left would become right, so take the volume out of it."
        )


def _scalar_image(node: slicer.vtkMRMLNode, label: str) -> vtk.vtkImageData:
    if node.IsA("vtkMRMLLabelMapVolumeNode"):
        raise InputError(f"{label} is a label map: choose the image it was drawn on.")
    if not node.IsA("vtkMRMLScalarVolumeNode"):
        raise InputError(f"{label} is not a scalar volume: choose a grey image.")
    image = node.GetImageData()
    if image is None or image.GetNumberOfPoints() == 0 or image.GetPointData().GetScalars() is None:
        raise InputError(f"{label} has no image data: load it again or choose another.")
    components = image.GetNumberOfScalarComponents()
    if components != 1:
        raise InputError(f"{label} has {components} values in every voxel: choose a grey image.")
    return image


def is_warped(node: slicer.vtkMRMLNode) -> bool:
    """Whether a node lies under a non-linear transform."""
    parent = node.GetParentTransformNode()
    return parent is not None and not parent.IsTransformToWorldLinear()


def node_grid(node: slicer.vtkMRMLVolumeNode) -> Grid:
    """Where a volume's voxels are, linear parents applied, RAS mm."""
    columns, rows, slices = node.GetImageData().GetDimensions()
    return Grid((slices, rows, columns), ijk_to_world(node))


def ijk_to_world(node: slicer.vtkMRMLNode) -> NDArray[np.float64]:
    """4 x 4 to world RAS mm; to the node's own RAS mm where its parent is not linear."""
    parent = node.GetParentTransformNode()
    if parent is None or is_warped(node):
        return node_matrix(node)
    to_world = vtk.vtkMatrix4x4()
    parent.GetMatrixTransformToWorld(to_world)
    return np.asarray(array(to_world) @ node_matrix(node))


def _unwarping(local: Volume, node: slicer.vtkMRMLNode) -> Steps[Volume]:
    """Resample a volume that lies under a non-linear transform onto a grid in the world."""
    to_world, from_world = vtk.vtkGeneralTransform(), vtk.vtkGeneralTransform()
    node.GetParentTransformNode().GetTransformToWorld(to_world)
    node.GetParentTransformNode().GetTransformFromWorld(from_world)
    grid = _world_grid(local, to_world)
    reslice = reslicer(node.GetImageData(), local.ijk_to_ras, from_world, grid.ijk_to_ras, "linear")
    slices, rows, columns = grid.shape
    result = np.empty(grid.shape, np.float32)
    high = max(1, _STEP_VOXELS // columns)
    for k in range(slices):
        for first in range(0, rows, high):
            last = min(first + high, rows)
            reslice.SetOutputExtent(0, columns - 1, first, last - 1, k, k)
            reslice.Update()
            result[k, first:last] = voxels(reslice.GetOutput())[0]
            yield
    return Volume(result, grid.ijk_to_ras, local.name)


def _world_grid(local: Volume, to_world: vtk.vtkAbstractTransform) -> Grid:
    """Bound the moved volume along its own axes, at its own spacing, with one voxel to spare."""
    counts = np.array(local.shape[::-1])
    moved = transformed(_outline(local), to_world)
    ras_to_ijk = np.linalg.inv(local.ijk_to_ras)
    index = moved @ ras_to_ijk[:3, :3].T + ras_to_ijk[:3, 3]
    first = np.floor(index.min(axis=0)).astype(int) - 1
    size = np.ceil(index.max(axis=0)).astype(int) + 2 - first
    if np.prod(size / counts) > _LARGEST_GROWTH:
        extent = " x ".join(f"{mm:.0f}" for mm in size * local.spacing)
        raise GeometryError(
            f"The non-linear transform of '{local.name}' spreads it over {extent} mm: "
            "check the transform, or take the volume out of it."
        )
    ijk_to_ras = local.ijk_to_ras.copy()
    ijk_to_ras[:3, 3] += ijk_to_ras[:3, :3] @ first
    i, j, k = (int(n) for n in size)
    return Grid((k, j, i), ijk_to_ras)


def _outline(volume: Volume) -> NDArray[np.float64]:
    """Points that fill a volume's box evenly, its surface included; (N, 3), RAS mm."""
    axes = [np.linspace(-0.5, count - 0.5, _SAMPLES) for count in volume.shape[::-1]]
    index = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    return np.asarray(index @ volume.ijk_to_ras[:3, :3].T + volume.ijk_to_ras[:3, 3])
