"""Volumes and results that go from process to process."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from BSAFusionLib.engine import exchange
from BSAFusionLib.engine.exchange import (
    read_result,
    read_volume,
    write_result,
    write_volume,
    writing_volume,
)
from BSAFusionLib.engine.result import FusionResult
from BSAFusionLib.engine.steps import finish
from BSAFusionLib.engine.volume import Volume

RANDOM = np.random.default_rng(3)
PLACE = np.array([[2.0, 0, 0, 5], [0, 0, -1, 6], [0, 3, 0, 7], [0, 0, 0, 1]])


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "_STEP_BYTES", 300)


@pytest.mark.parametrize("dtype", [np.int16, np.uint8, np.float64])
def test_voxels_of_any_type_and_order_arrive(tmp_path: Path, dtype: type) -> None:
    array = RANDOM.integers(0, 200, (5, 7, 9)).astype(dtype).transpose(2, 1, 0)
    volume = Volume(array, PLACE, "head")
    assert read_volume(tmp_path, write_volume(tmp_path, "one", volume)).array.dtype == dtype
    arrived = read_volume(tmp_path, finish(writing_volume(tmp_path, "two", volume)))
    assert arrived.array.dtype == np.float32
    np.testing.assert_array_equal(arrived.array, array)
    np.testing.assert_array_equal(arrived.ijk_to_ras, PLACE)
    assert arrived.name == "head"


def test_a_result_arrives_whole_and_writable(tmp_path: Path) -> None:
    volume = Volume(RANDOM.random((5, 7, 9), np.float32), PLACE, "fused")
    displacement = RANDOM.random((3, 9, 7, 5), np.float32).T  # as Fortran orders it
    color = RANDOM.integers(0, 255, (5, 7, 9, 3)).astype(np.uint8)
    sent = FusionResult(volume, volume, displacement, np.eye(4), "pet", color, report={"a": 1})
    arrived = read_result(tmp_path, write_result(tmp_path, sent))
    np.testing.assert_array_equal(arrived.displacement, displacement)
    assert arrived.fused_color is not None
    np.testing.assert_array_equal(arrived.fused_color, color)
    np.testing.assert_array_equal(arrived.fused.array, volume.array)
    assert arrived.fused.array.flags.writeable


def test_a_file_that_holds_objects_is_refused(tmp_path: Path) -> None:
    volume = Volume(RANDOM.random((5, 7, 9), np.float32), PLACE, "fused")
    entry = write_result(tmp_path, FusionResult(volume, volume, volume.array, np.eye(4), "ct"))
    np.save(tmp_path / "displacement.npy", np.array([{}]), allow_pickle=True)
    with pytest.raises(ValueError, match="holds objects"):
        read_result(tmp_path, entry)
