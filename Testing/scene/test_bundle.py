import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
import SimpleITK as sitk
import slicer.util
from BSAFusionLib.engine.errors import DependencyError, InputError
from BSAFusionLib.engine.resample import resample
from BSAFusionLib.engine.volume import Volume
from BSAFusionLib.scene import bundle
from BSAFusionLib.scene.bundle import write_bundle
from BSAFusionLib.scene.read import read_volume
from BSAFusionLib.scene.total_transform import total_transform
from slicer import vtkMRMLScene

from Testing.engine.phantoms import ramp, tilted_grid
from Testing.host.mrml import mrml_scene
from Testing.scene.nodes import map_points
from Testing.scene.results import GRID, make_result, moved

FIXED = ramp(GRID, "Head MR")
MOVING = Volume(
    ramp(tilted_grid((9, 8, 7), (3, 2, 2))).array, tilted_grid((9, 8, 7), (3, 2, 2)).ijk_to_ras, "Head PET"
)
RESULT = make_result(color=True)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bundle") / "scene.mrb"
    write_bundle(FIXED, MOVING, RESULT, path)
    return path


@pytest.fixture
def reloaded(path: Path, scene: vtkMRMLScene) -> vtkMRMLScene:
    assert scene.ReadFromMRB(str(path), True)
    return scene


def named(scene: vtkMRMLScene, name: str) -> slicer.vtkMRMLNode:
    node = scene.GetFirstNodeByName(name)
    assert node is not None, name
    return node


def test_the_transform_maps_as_before_once_reloaded(reloaded: vtkMRMLScene) -> None:
    points, truth = moved(RESULT)
    chosen = np.random.default_rng(2).choice(len(points), 1000)
    node = named(reloaded, "Head PET to Head MR")
    np.testing.assert_allclose(map_points(node, points[chosen]), truth[chosen], atol=1e-9)


def test_between_and_beyond_the_grid_points_it_maps_as_before_too(reloaded: vtkMRMLScene) -> None:
    points = moved(RESULT)[0][:1000] + np.random.default_rng(3).uniform(-30, 30, (1000, 3))
    truth = [total_transform(RESULT).TransformPoint(*point) for point in points.tolist()]
    node = named(reloaded, "Head PET to Head MR")
    np.testing.assert_allclose(map_points(node, points), truth, atol=1e-9)


def test_simpleitk_reads_the_same_mapping_from_it(path: Path, tmp_path: Path) -> None:
    with ZipFile(path) as archive:
        (member,) = [name for name in archive.namelist() if name.endswith(".h5")]
        transform = sitk.ReadTransform(archive.extract(member, tmp_path))
    points, truth = moved(RESULT)
    flip = np.array([-1, -1, 1])
    mapped = [transform.TransformPoint(point) for point in (points * flip).tolist()]
    np.testing.assert_allclose(np.array(mapped) * flip, truth, atol=1e-4)


@pytest.mark.parametrize(
    ("name", "truth"),
    [
        ("Head MR", FIXED),
        ("Head PET", MOVING),
        ("Head MR fused with Head PET", RESULT.fused),
        ("Head PET aligned to Head MR", RESULT.aligned),
    ],
)
def test_volumes_come_back_where_they_were(reloaded: vtkMRMLScene, name: str, truth: Volume) -> None:
    volume = read_volume(named(reloaded, name))
    np.testing.assert_array_equal(resample(volume, truth.grid, interpolation="nearest"), truth.array)
    assert volume.shape == truth.shape


def test_the_colours_come_back_as_they_were(reloaded: vtkMRMLScene) -> None:
    node = named(reloaded, "Head MR fused with Head PET in colour")
    upright = slicer.util.arrayFromVolume(node)[::-1]  # Slicer reads left-handed volumes right-handed
    np.testing.assert_array_equal(upright, RESULT.fused_color)
    display = node.GetDisplayNode()
    assert (display.GetAutoWindowLevel(), display.GetWindow(), display.GetLevel()) == (0, 255, 127.5)


@pytest.mark.parametrize(
    ("name", "window", "colors"),
    [
        ("Head MR", (0, 800), "Grey"),
        ("Head PET", (-20, 100), "PET-Heat"),
        ("Head PET aligned to Head MR", (-20, 100), "PET-Heat"),
    ],
)
def test_volumes_are_shown_as_they_were_fused(
    reloaded: vtkMRMLScene, name: str, window: tuple[float, float], colors: str
) -> None:
    display = named(reloaded, name).GetDisplayNode()
    assert (display.GetWindowLevelMin(), display.GetWindowLevelMax()) == window
    assert display.GetColorNode().GetName() == colors


def test_the_table_comes_back_with_its_numbers(reloaded: vtkMRMLScene) -> None:
    table = named(reloaded, "Quality of Head PET to Head MR").GetTable()
    rows = [[table.GetValue(row, column).ToString() for column in range(4)] for row in range(2)]
    assert rows == [["NCC", "0.5", "nan", "0.75"], ["Displacement mean (mm)", "nan", "nan", "2.5"]]


def test_the_coloured_picture_is_in_front_in_every_view(reloaded: vtkMRMLScene) -> None:
    picture = named(reloaded, "Head MR fused with Head PET in colour").GetID()
    for name in ("Red", "Yellow", "Green"):
        layers = reloaded.GetSingletonNode(name, "vtkMRMLSliceCompositeNode")
        assert layers.GetBackgroundVolumeID() == picture
        assert layers.GetForegroundVolumeID() == named(reloaded, "Head MR").GetID()


def test_the_grid_is_ready_but_hidden(reloaded: vtkMRMLScene) -> None:
    display = named(reloaded, "Head PET to Head MR").GetDisplayNode()
    assert display.GetVisualizationMode() == display.VIS_MODE_GRID
    assert display.GetRegionNode().GetName() == "Head MR fused with Head PET in colour"
    assert not display.GetVisibility()


def test_results_lie_in_one_folder(reloaded: vtkMRMLScene) -> None:
    tree = reloaded.GetSubjectHierarchyNode()
    folder = tree.GetItemChildWithName(tree.GetSceneItemID(), "Head MR fused with Head PET")
    assert tree.GetNumberOfItemChildren(folder) == 5


def test_nothing_else_is_left_beside_it(path: Path) -> None:
    assert [file.name for file in path.parent.iterdir()] == ["scene.mrb"]


def test_a_failed_writing_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def read_only() -> Iterator[vtkMRMLScene]:
        with mrml_scene() as scene:
            monkeypatch.setattr(scene, "WriteToMRB", lambda _: False)
            yield scene

    monkeypatch.setattr(bundle, "standalone_scene", lambda _: read_only())
    with pytest.raises(InputError, match="cannot be written"):
        write_bundle(FIXED, MOVING, RESULT, tmp_path / "scene.mrb")
    assert not list(tmp_path.iterdir())


def test_a_defect_while_publishing_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="16 values"):
        write_bundle(FIXED, MOVING, make_result(initial=np.eye(3)), tmp_path / "scene.mrb")
    assert not list(tmp_path.iterdir())


def test_a_small_disk_is_refused_before_writing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 1000}))
    with pytest.raises(InputError, match="0 MB are free"):
        write_bundle(FIXED, MOVING, RESULT, tmp_path / "scene.mrb")


def test_without_slicer_core_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "slicer", None)
    with pytest.raises(DependencyError, match=r"pip install 'bsafusion\[scene\]'"):
        write_bundle(FIXED, MOVING, RESULT, tmp_path / "scene.mrb")
    assert not list(tmp_path.iterdir())
