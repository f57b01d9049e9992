import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import vtk
from BSAFusionLib.command_line.arguments import main
from BSAFusionLib.engine.geometry import center_ras, points_ras
from BSAFusionLib.engine.io import write_transform, write_volume
from BSAFusionLib.engine.point_file import read_points
from BSAFusionLib.engine.sitk_bridge import place
from BSAFusionLib.engine.transform_file import map_points, read_transform
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import vtk_to_numpy

from Testing.engine.phantoms import ramp, rigid, smooth_field, tilted_grid

FIXED = tilted_grid((20, 22, 24), (3, 3, 4), left_handed=True)
MOVING = tilted_grid((40, 42, 44), (2.5, 2.5, 3.0), (-10, 15, 30))
CORNER = np.array([-11.0, 23.0, 37.0])  # LPS
NAMES = ["pet.nrrd", "tumour.seg.nrrd", "labels.nii.gz", "points.csv", "mesh.stl"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_transform(smooth_field(FIXED), FIXED, rigid((6, -4, 8), (3, -4, 2)), tmp_path / "transform.h5")
    write_volume(ramp(FIXED), tmp_path / "mr.nrrd")
    write_volume(ramp(MOVING), tmp_path / "pet.nrrd")
    inside = np.linalg.norm(points_ras(MOVING) - center_ras(MOVING), axis=-1) < 25
    labels = place(sitk.GetImageFromArray((5 * inside).astype(np.uint8)), MOVING)
    sitk.WriteImage(labels, str(tmp_path / "labels.nii.gz"))
    layers = sitk.Compose(labels, sitk.Cast(labels > 0, sitk.sitkUInt8))
    for key, value in {"ID": "a", "Name": "Tumour", "LabelValue": "5", "Extent": "1 2 3 4 5 6"}.items():
        layers.SetMetaData(f"Segment0_{key}", value)
    sitk.WriteImage(layers, str(tmp_path / "tumour.seg.nrrd"))
    (tmp_path / "points.csv").write_text("r,a,s,label\n11,-23,37,a\n15,-20,30,b\n")
    write_tetrahedron(tmp_path / "mesh.stl")
    return tmp_path


def write_tetrahedron(path: Path) -> None:
    corners = np.array([[0, 0, 0], [10, 0, 0], [0, 10, 0], [0, 0, 10]]) + CORNER
    facets = ""
    for face in ([0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]):
        loop = "".join(f"vertex {x} {y} {z}\n" for x, y, z in corners[face])
        facets += f"facet normal 0 0 0\nouter loop\n{loop}endloop\nendfacet\n"
    path.write_text(f"solid SPACE=LPS\n{facets}endsolid\n")


def vertices(folder: Path, name: str) -> NDArray[np.float64]:
    """The four corners, LPS mm, in the order of the file, as a plain VTK reader sees them."""
    reader = vtk.vtkPLYReader() if name.endswith(".ply") else vtk.vtkSTLReader()
    reader.SetFileName(str(folder / name))
    reader.Update()
    return vtk_to_numpy(reader.GetOutput().GetPoints().GetData()).astype(np.float64)


def apply(folder: Path, *arguments: str | Path) -> int:
    return main(["apply", "--transform", str(folder / "transform.h5"), *map(str, arguments)])


def test_many_files_are_carried_at_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sources = [folder / name for name in NAMES]
    assert apply(folder, "--input", *sources, "--reference", folder / "mr.nrrd", "--out", folder / "out") == 0
    assert sorted(path.name for path in (folder / "out").iterdir()) == sorted(NAMES)
    said = capsys.readouterr().out
    assert "pet.nrrd: values, linear" in said
    assert "labels.nii.gz: labels, nearest" in said
    assert "points.csv: 2 points" in said


def test_a_segmentation_keeps_its_names_and_lies_on_the_new_grid(folder: Path) -> None:
    target = folder / "out.seg.nrrd"
    arguments = ["--input", folder / "tumour.seg.nrrd", "--reference", folder / "mr.nrrd", "--out", target]
    assert apply(folder, *arguments) == 0
    result = sitk.ReadImage(str(target))
    assert result.GetSize() == FIXED.shape[::-1]
    assert result.GetNumberOfComponentsPerPixel() == 2
    assert result.GetMetaData("Segment0_Name") == "Tumour"
    assert result.GetMetaData("Segment0_Extent") == "0 23 0 21 0 19"
    assert set(np.unique(sitk.GetArrayViewFromImage(result)).tolist()) == {0, 1, 5}


def test_points_go_from_moving_to_fixed_and_back_again(folder: Path) -> None:
    assert apply(folder, "--input", folder / "points.csv", "--out", folder / "there.csv") == 0
    there = read_points(folder / "there.csv")
    moved = map_points(read_transform(folder / "transform.h5"), there.points)
    np.testing.assert_allclose(moved, read_points(folder / "points.csv").points, atol=0.001)
    assert apply(folder, "--input", folder / "there.csv", "--out", folder / "back.csv", "--inverse") == 0
    np.testing.assert_allclose(read_points(folder / "back.csv").points, moved, atol=0.001)
    assert there.labels == ["a", "b"]


def test_a_mesh_moves_as_points_do(folder: Path) -> None:
    assert apply(folder, "--input", folder / "mesh.stl", "--out", folder / "mesh.ply") == 0
    assert b"SPACE=LPS" in (folder / "mesh.ply").read_bytes()
    assert apply(folder, "--input", folder / "mesh.ply", "--out", folder / "back.stl", "--inverse") == 0
    there, back = (vertices(folder, path) for path in ("mesh.ply", "back.stl"))
    transform = sitk.ReadTransform(str(folder / "transform.h5"))
    moved = np.array([transform.TransformPoint(point) for point in there.tolist()])
    np.testing.assert_allclose(moved, vertices(folder, "mesh.stl"), atol=0.001)
    np.testing.assert_allclose(back, vertices(folder, "mesh.stl"), atol=0.001)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--input", "pet.nrrd", "--out", "new.nrrd"], "give --reference"),
        (["--input", "none.nrrd", "--out", "new.nrrd"], "does not exist"),
        (["--input", "points.csv", "--out", "mr.nrrd"], "must end in .csv"),
        (["--input", "pet.nrrd", "--reference", "mr.nrrd", "--out", "mr.nrrd"], "is an input"),
        (["--input", "pet.nrrd", "--reference", "mr.nrrd", "--out", "labels.nii.gz"], "add --force"),
        (["--input", "transform.h5", "--out", "new.h5"], "no kind"),
        (["--input", "points.csv", "pet.nrrd", "--reference", "gone.nrrd", "--out", "all"], "--reference"),
    ],
)
def test_bad_input_gets_one_sentence_and_leaves_nothing(
    folder: Path,
    arguments: list[str],
    words: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(folder)
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert apply(folder, *arguments) == 2
    assert words in capsys.readouterr().err
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_the_command_runs_as_a_program(folder: Path) -> None:
    command = [sys.executable, "-m", "BSAFusionLib", "apply", "--transform", "transform.h5"]
    command += ["--input", "points.csv", "--out", "there.csv"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "there.csv: 2 points\n")


def test_a_transform_is_exported_with_its_direction(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = folder / "out" / "warp.nii.gz"
    assert main(["export-transform", str(folder), "--out", str(target)]) == 0
    words = "from points of the fixed volume to points of the moving one"
    assert capsys.readouterr().out == f"{target}: {words}\n"
    assert sorted(path.name for path in target.parent.iterdir()) == ["warp.nii.gz", "warp.nii.gz.json"]
    assert main(["export-transform", str(folder), "--out", str(target)]) == 2
    assert "add --force" in capsys.readouterr().err
