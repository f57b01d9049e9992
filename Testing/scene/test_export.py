"""Results out of the scene, read back by other libraries."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
import slicer
from BSAFusionLib.engine.dicom_export import export_dicom
from BSAFusionLib.engine.errors import InputError
from BSAFusionLib.engine.geometry import points_ras
from BSAFusionLib.scene.export import export_fusion, export_transform_node
from BSAFusionLib.scene.export_choice import fusion_of
from BSAFusionLib.scene.publish import publish

from Testing.engine.test_dicom_export import results as dicom_results
from Testing.scene.nodes import map_points
from Testing.scene.results import GRID, make_result

FLIP = np.array([-1.0, -1.0, 1.0])


@pytest.fixture
def transform(scene: slicer.vtkMRMLScene, pair: tuple[str, str]) -> slicer.vtkMRMLTransformNode:
    published = publish(scene, make_result(color=True), *pair)
    return scene.GetNodeByID(published.transform)


@pytest.mark.parametrize(
    ("suffix", "ras"), [(".h5", False), (".nrrd", False), (".nii.gz", False), (".nii.gz", True)]
)
def test_simpleitk_maps_as_slicer_does(
    transform: slicer.vtkMRMLTransformNode, tmp_path: Path, suffix: str, ras: bool
) -> None:
    file = export_transform_node(transform, tmp_path, suffix, ras)
    points = points_ras(GRID)[2:-2:3, 2:-2:3, 2:-2:3].reshape(-1, 3)
    if suffix == ".h5":
        itk = sitk.ReadTransform(str(file))
    else:
        itk = sitk.DisplacementFieldTransform(sitk.Cast(sitk.ReadImage(str(file)), sitk.sitkVectorFloat64))
    moved = np.array([itk.TransformPoint(point) for point in (points * FLIP).tolist()]) * FLIP
    np.testing.assert_allclose(moved, map_points(transform, points), atol=1e-3)
    note = json.loads((tmp_path / f"{file.name}.json").read_text())
    assert note["maps"] == "from points of the fixed volume to points of the moving one"
    assert len(list(tmp_path.iterdir())) == 2


def test_slicer_reads_a_displacement_field_back_in_the_same_direction(
    scene: slicer.vtkMRMLScene, transform: slicer.vtkMRMLTransformNode, tmp_path: Path
) -> None:
    file = export_transform_node(transform, tmp_path, ".nrrd")
    node, storage = (scene.AddNewNodeByClass(f"vtkMRMLTransform{kind}Node") for kind in ("", "Storage"))
    storage.SetFileName(str(file))
    assert storage.ReadData(node)
    points = points_ras(GRID)[2:-2:3, 2:-2:3, 2:-2:3].reshape(-1, 3)
    np.testing.assert_allclose(map_points(node, points), map_points(transform, points), atol=1e-3)


def test_a_fusion_becomes_two_series_of_the_study_of_its_inputs(
    scene: slicer.vtkMRMLScene, transform: slicer.vtkMRMLTransformNode, tmp_path: Path
) -> None:
    export_dicom(dicom_results("mr"), tmp_path / "source")
    fusion = fusion_of(scene, transform)
    assert fusion is not None
    files = sorted((tmp_path / "source" / "aligned").iterdir())
    (tmp_path / "out").mkdir()
    written = export_fusion(
        fusion, tmp_path / "out", lambda node: files if node is fusion.fixed else [], units="suv"
    )
    assert written == {"aligned": 12, "fused": 12}
    aligned, fused = (pydicom.dcmread(tmp_path / "out" / part / "IM0001.dcm") for part in written)
    assert aligned.StudyInstanceUID == fused.StudyInstanceUID == pydicom.dcmread(files[0]).StudyInstanceUID
    assert (aligned.Modality, aligned.Units) == ("PT", "GML")
    assert fused.PhotometricInterpretation == "RGB"
    with pytest.raises(InputError, match="exists"):
        export_fusion(fusion, tmp_path / "out", lambda _node: [])
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["aligned", "fused"]


def test_what_cannot_be_exported_is_said(transform: slicer.vtkMRMLTransformNode, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a folder"):
        export_transform_node(transform, tmp_path / "none", ".h5")
    export_transform_node(transform, tmp_path, ".h5")
    with pytest.raises(InputError, match="exists"):
        export_transform_node(transform, tmp_path, ".h5")
    transform.GetScene().RemoveNode(transform.GetNodeReference(transform.GetFixedNodeReferenceRole()))
    with pytest.raises(InputError, match=r"export \.h5"):
        export_transform_node(transform, tmp_path, ".nrrd")
    assert len(list(tmp_path.iterdir())) == 2
