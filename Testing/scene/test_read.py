import numpy as np
import pytest
import SimpleITK as sitk
import slicer.util
from BSAFusionLib.engine.errors import GeometryError, InputError
from BSAFusionLib.engine.sitk_bridge import displacement_image, to_sitk
from BSAFusionLib.engine.volume import Grid, Volume
from BSAFusionLib.scene.read import read_volume, transform_note, usable
from numpy.typing import NDArray
from slicer import vtkMRMLNode, vtkMRMLScene

from Testing.engine.phantoms import ramp, rigid, smooth_field, tilted_grid
from Testing.scene.nodes import add_linear, add_volume, add_warp

GRID = tilted_grid((5, 7, 9), (2, 3, 4), left_handed=True)
SMALL = tilted_grid((20, 22, 24), (2, 3, 4), left_handed=True)
TURN = rigid((15, 5, -25), (3, -4, 20))


@pytest.mark.parametrize("left_handed", [False, True])
def test_a_tilted_volume_is_read_as_it_lies(scene: vtkMRMLScene, left_handed: bool) -> None:
    truth = ramp(tilted_grid((5, 7, 9), (2, 3, 4), left_handed=left_handed))
    volume = read_volume(add_volume(scene, truth))
    np.testing.assert_array_equal(volume.array, truth.array)
    np.testing.assert_allclose(volume.ijk_to_ras, truth.ijk_to_ras, atol=1e-12)
    assert volume.name == "ramp"


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float64])
def test_every_voxel_type_becomes_float32(scene: vtkMRMLScene, dtype: type) -> None:
    array = (np.arange(315).reshape(5, 7, 9) % 200).astype(dtype)
    volume = read_volume(add_volume(scene, Volume(array, GRID.ijk_to_ras)))
    assert volume.array.dtype == np.float32
    np.testing.assert_array_equal(volume.array, array)


def test_the_voxels_are_a_copy(scene: vtkMRMLScene) -> None:
    node = add_volume(scene, ramp(GRID))
    read_volume(node).array[:] = 0
    np.testing.assert_array_equal(slicer.util.arrayFromVolume(node), ramp(GRID).array)


def test_a_chain_of_linear_transforms_moves_the_volume(scene: vtkMRMLScene) -> None:
    node = add_volume(scene, ramp(GRID))
    inner, outer = add_linear(scene, TURN, "inner"), add_linear(scene, rigid((0, 0, 90), (1, 2, 3)), "outer")
    node.SetAndObserveTransformNodeID(inner.GetID())
    inner.SetAndObserveTransformNodeID(outer.GetID())
    corner = np.zeros(3)
    node.TransformPointToWorld(GRID.ijk_to_ras[:3, :3] @ [8, 6, 4] + GRID.ijk_to_ras[:3, 3], corner)
    volume = read_volume(node)
    np.testing.assert_allclose(volume.ijk_to_ras @ [8, 6, 4, 1], [*corner, 1], atol=1e-9)
    assert "'inner'" in str(transform_note(node))


def test_a_linear_transform_read_from_parent_counts_the_same(scene: vtkMRMLScene) -> None:
    node, parent = add_volume(scene, ramp(GRID)), add_linear(scene, np.eye(4))
    parent.SetMatrixTransformFromParent(slicer.util.vtkMatrixFromArray(np.linalg.inv(TURN)))
    node.SetAndObserveTransformNodeID(parent.GetID())
    np.testing.assert_allclose(read_volume(node).ijk_to_ras, TURN @ GRID.ijk_to_ras, atol=1e-9)


def warped(scene: vtkMRMLScene, amplitude_mm: float) -> tuple[vtkMRMLNode, NDArray[np.float64], Grid]:
    wide = tilted_grid((60, 60, 60), (3, 3, 3), (10, 0, 5))
    field = smooth_field(wide, amplitude_mm)
    node = add_volume(scene, ramp(SMALL))
    node.SetAndObserveTransformNodeID(add_warp(scene, field, wide).GetID())
    return node, field, wide


def test_a_warped_volume_is_resampled_as_simpleitk_does(scene: vtkMRMLScene) -> None:
    node, field, wide = warped(scene, 4.0)
    volume = read_volume(node)
    transform = sitk.DisplacementFieldTransform(displacement_image(field, wide))
    moved = sitk.Resample(to_sitk(ramp(SMALL)), to_sitk(volume), transform, sitk.sitkLinear, -1e4)
    truth = sitk.GetArrayFromImage(moved)
    inside = (truth > -1e4) & (volume.array > volume.array.min())
    assert inside.sum() > 0.9 * ramp(SMALL).array.size
    np.testing.assert_allclose(volume.array[inside], truth[inside], atol=0.01)
    np.testing.assert_allclose(volume.direction, SMALL.direction, atol=1e-9)


def test_a_warped_volume_keeps_all_its_content(scene: vtkMRMLScene) -> None:
    node, *_ = warped(scene, 12.0)
    volume = read_volume(node)
    solid = np.argwhere(volume.array != volume.array.min())[:, ::-1]
    assert solid.min() >= 1
    assert (solid.max(axis=0) <= np.array(volume.shape[::-1]) - 2).all()
    assert "non-linear" in str(transform_note(node))


def test_a_warp_that_tears_the_volume_apart_is_refused(scene: vtkMRMLScene) -> None:
    node, *_ = warped(scene, 300.0)
    with pytest.raises(GeometryError, match="spreads it over"):
        read_volume(node)


def test_a_shearing_transform_is_refused(scene: vtkMRMLScene) -> None:
    shear = np.eye(4)
    shear[0, 1] = 0.3
    node = add_volume(scene, ramp(GRID))
    node.SetAndObserveTransformNodeID(add_linear(scene, shear).GetID())
    with pytest.raises(GeometryError, match="The fixed volume 'ramp' is sheared"):
        read_volume(node, "fixed")


@pytest.mark.parametrize(
    ("class_name", "reason"),
    [
        ("vtkMRMLLabelMapVolumeNode", "is a label map"),
        ("vtkMRMLScalarVolumeNode", "has no image data"),
        ("vtkMRMLModelNode", "is not a scalar volume"),
    ],
)
def test_a_node_that_is_no_image_says_why(scene: vtkMRMLScene, class_name: str, reason: str) -> None:
    node = scene.AddNewNodeByClass(class_name, "X")
    assert reason in str(usable(node))
    with pytest.raises(InputError, match=reason):
        read_volume(node)


def test_a_colour_volume_says_why(scene: vtkMRMLScene) -> None:
    node = add_volume(
        scene, Volume(np.zeros((5, 7, 9, 3), np.uint8), GRID.ijk_to_ras), "vtkMRMLVectorVolumeNode"
    )
    assert "has 3 values in every voxel" in str(usable(node))


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (np.full((5, 7, 9), 3.0), "the value 3 in every voxel"),
        (np.where(np.arange(315).reshape(5, 7, 9) == 4, np.nan, 1.0), "1 of 315 voxels that are not finite"),
        (np.arange(63.0).reshape(1, 7, 9), "a single slice"),
    ],
)
def test_useless_voxels_say_why(scene: vtkMRMLScene, array: NDArray[np.float64], reason: str) -> None:
    node = add_volume(scene, Volume(array, GRID.ijk_to_ras))
    assert reason in str(usable(node))
    with pytest.raises(InputError, match=reason):
        read_volume(node)


def test_a_good_volume_is_usable_and_needs_no_note(scene: vtkMRMLScene) -> None:
    node = add_volume(scene, ramp(GRID))
    assert usable(node) is None
    assert transform_note(node) is None


def test_no_node_at_all_is_said(scene: vtkMRMLScene) -> None:  # noqa: ARG001
    assert usable(None, "fixed") == "There is no fixed volume: choose one."


def test_a_transform_that_mirrors_the_patient_is_refused(scene: vtkMRMLScene) -> None:
    node = add_volume(scene, ramp(tilted_grid()))
    node.SetAndObserveTransformNodeID(add_linear(scene, np.diag([-1.0, 1, 1, 1])).GetID())
    with pytest.raises(GeometryError, match=r"mirrors it \(determinant -1\.00\)"):
        read_volume(node)
