import subprocess
import sys
from pathlib import Path

import numpy as np
from BSAFusionLib.scene.standalone import standalone_scene
from BSAFusionLib.scene.vtk_bridge import image_data, voxels

from Testing.engine.phantoms import ramp
from Testing.scene.nodes import add_volume
from Testing.scene.results import GRID


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )


def test_the_bundle_writer_loads_slicer_only_when_used() -> None:
    code = "import sys, BSAFusionLib.scene.bundle; print({'slicer', 'vtk', 'vtkmodules'} & set(sys.modules))"
    assert run(code).stdout == "set()\n"


def test_a_process_with_a_scene_ends_without_a_word(tmp_path: Path) -> None:
    done = run(f"""
import faulthandler; faulthandler.enable()
from pathlib import Path
from Testing.scene.results import make_result
from BSAFusionLib.scene.bundle import write_bundle
result = make_result(color=True)
write_bundle(result.fused, result.aligned, result, Path({str(tmp_path)!r}) / "scene.mrb")
""")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_temporary_files_are_removed_whatever_happens(tmp_path: Path) -> None:
    try:
        with standalone_scene(tmp_path):
            assert len(list(tmp_path.iterdir())) == 1
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        assert not list(tmp_path.iterdir())


def test_scenes_follow_each_other_in_one_process(tmp_path: Path) -> None:
    for _ in range(3):
        with standalone_scene(tmp_path) as scene:
            add_volume(scene, ramp(GRID))
            assert scene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode") == 1


def test_the_views_are_those_of_the_desktop(tmp_path: Path) -> None:
    with standalone_scene(tmp_path) as scene:
        views = {
            name: scene.GetSingletonNode(name, "vtkMRMLSliceNode") for name in ("Red", "Yellow", "Green")
        }
        orientations = {name: view.GetOrientation() for name, view in views.items()}
    assert orientations == {"Red": "Axial", "Yellow": "Sagittal", "Green": "Coronal"}


def test_voxels_are_shared_with_the_array() -> None:
    array = np.zeros((2, 3, 4), np.float32)
    image = image_data(array)
    array[1, 2, 3] = 7
    assert image.GetScalarComponentAsDouble(3, 2, 1, 0) == 7
    assert np.shares_memory(voxels(image), array)


def test_a_read_only_array_is_copied() -> None:
    array = np.zeros((2, 3, 4), np.float32)
    array.flags.writeable = False
    assert not np.shares_memory(voxels(image_data(array)), array)
