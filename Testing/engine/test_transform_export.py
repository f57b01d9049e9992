import gzip
import json
import struct
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from BSAFusionLib.engine.errors import InputError
from BSAFusionLib.engine.geometry import points_ras
from BSAFusionLib.engine.resample import total_transform
from BSAFusionLib.engine.sitk_bridge import sitk_affine
from BSAFusionLib.engine.transform_export import export_transform
from BSAFusionLib.engine.transform_file import map_points, read_transform

from Testing.engine.phantoms import rigid, smooth_field, tilted_grid

GRID = tilted_grid((12, 14, 16), (3, 3, 4), left_handed=True)
INNER = tilted_grid((5, 5, 5), (3, 3, 4), left_handed=True)
TOTAL = total_transform(smooth_field(GRID), GRID, sitk_affine(rigid((6, -4, 8), (3, -4, 2))))
NODES = points_ras(GRID)[1:-1, 1:-1, 1:-1].reshape(-1, 3)


@pytest.mark.parametrize("name", ["t.h5", "t.tfm", "t.nrrd", "t.nii", "t.nii.gz"])
def test_every_format_maps_as_the_transform_does(tmp_path: Path, name: str) -> None:
    words = export_transform(TOTAL, None, tmp_path / name)
    np.testing.assert_allclose(
        map_points(read_transform(tmp_path / name), NODES), map_points(TOTAL, NODES), atol=1e-4
    )
    note = json.loads((tmp_path / f"{name}.json").read_text())
    assert note["maps"] == words == "from points of the fixed volume to points of the moving one"
    assert (note["frame"], note["unit"]) == ("LPS", "mm")


@pytest.mark.parametrize("name", ["t.h5", "t.nrrd", "t.nii.gz"])
def test_the_inverse_leads_back(tmp_path: Path, name: str) -> None:
    words = export_transform(TOTAL, INNER, tmp_path / name, inverse=True)
    inner = points_ras(INNER)[1:-1, 1:-1, 1:-1].reshape(-1, 3)
    there = map_points(read_transform(tmp_path / name), inner)
    np.testing.assert_allclose(map_points(TOTAL, there), inner, atol=0.001)
    assert words.startswith("from points of the moving volume")


def test_slicer_is_told_that_the_field_resamples(tmp_path: Path) -> None:
    export_transform(TOTAL, None, tmp_path / "t.nrrd")
    header = (tmp_path / "t.nrrd").read_bytes()[:2000]
    assert b"displacement field type:=resampling" in header


def test_nifti_vectors_are_lps_for_itk_and_ras_for_the_standard(tmp_path: Path) -> None:
    u = (map_points(TOTAL, points_ras(GRID).reshape(-1, 3)) - points_ras(GRID).reshape(-1, 3))[0]
    for ras, intent, expected in [(False, 1007, u * [-1, -1, 1]), (True, 1006, u)]:
        file = tmp_path / f"{intent}.nii.gz"
        export_transform(TOTAL, None, file, ras=ras)
        content = gzip.decompress(file.read_bytes())
        assert struct.unpack_from("<h", content, 68)[0] == intent
        assert struct.unpack_from("<8h", content, 40) == (5, 16, 14, 12, 1, 3, 1, 1)
        components = np.frombuffer(content, "<f8", offset=352)[
            :: GRID.shape[0] * GRID.shape[1] * GRID.shape[2]
        ]
        np.testing.assert_allclose(components, expected, atol=1e-9)
        itk = sitk.ReadImage(str(file))  # ITK turns RAS of intent 1006 into LPS
        np.testing.assert_allclose(itk.GetPixel(0, 0, 0), u * [-1, -1, 1], atol=1e-9)


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="must end in"):
        export_transform(TOTAL, None, tmp_path / "t.mat")
    with pytest.raises(InputError, match="give the moving volume"):
        export_transform(TOTAL, None, tmp_path / "t.nrrd", inverse=True)
    with pytest.raises(InputError, match="give the fixed volume"):
        export_transform(sitk.AffineTransform(3), None, tmp_path / "t.nrrd")
    assert not list(tmp_path.iterdir())
