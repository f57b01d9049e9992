"""TorchScript networks behind numpy arrays."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from BSAFusionLib.engine.devices import available_devices, describe_devices, resolve_device
from BSAFusionLib.engine.errors import DependencyError, InputError, ModelError
from BSAFusionLib.engine.network import (
    Effort,
    TorchNetwork,
    load_network,
)
from numpy.typing import NDArray

from Testing.engine.networks import Broken, Shift, install, network, script

Stacks = NDArray[np.float32]


@pytest.fixture
def stacks() -> Stacks:
    return np.random.default_rng(0).random((2, 5, 33, 40), np.float32)


def test_a_displacement_keeps_its_order_of_channels(stacks: Stacks) -> None:
    displacement = network(Shift(2.0, -1.0)).register(*stacks)
    assert displacement.shape == (5, 2, 33, 40)
    assert displacement.dtype == np.float32
    assert (displacement[:, 0] == 2).all()
    assert (displacement[:, 1] == -1).all()


def test_blend_and_fuse_give_stacks(stacks: Stacks) -> None:
    net = network(Shift())
    fused, displacement = net.fuse(*stacks)
    np.testing.assert_array_equal(net.blend(*stacks), stacks.max(axis=0))
    np.testing.assert_array_equal(fused, stacks.max(axis=0))
    assert not displacement.any()


def test_views_and_read_only_arrays_are_taken_as_they_are(stacks: Stacks) -> None:
    stacks.setflags(write=False)
    fixed, moving = stacks[:, :, ::-1, ::-1]
    np.testing.assert_array_equal(network(Shift()).blend(fixed, moving), np.maximum(fixed, moving))


def test_fewer_slices_are_taken_when_memory_runs_out(stacks: Stacks) -> None:
    net = network(Shift(1.0, 2.0, most=2))
    displacement = net.register(*stacks)
    assert displacement.shape == (5, 2, 33, 40)
    assert net.notes == [
        "Memory ran out with 5 slices at a time on cpu; went on with 2 slices at a time on cpu."
    ]
    net.register(*stacks)
    assert len(net.notes) == 1


def test_too_little_memory_for_one_slice_says_so(stacks: Stacks) -> None:
    with pytest.raises(InputError, match="not enough memory for a slice of 40 x 33 pixels"):
        network(Shift(most=0)).register(*stacks)


def test_half_precision_and_the_cpu_come_after_smaller_batches() -> None:
    tried = [Effort(4, False, "cuda")]
    while (easier := tried[-1].easier()) is not None:
        tried.append(easier)
    assert [str(effort) for effort in tried] == [
        "4 slices at a time on cuda",
        "2 slices at a time on cuda",
        "1 slice at a time on cuda",
        "1 slice at a time on cuda in half precision",
        "1 slice at a time on cpu",
    ]


def test_another_failure_is_not_taken_for_lack_of_memory(stacks: Stacks) -> None:
    with pytest.raises(ModelError, match="'test' failed on slices of 40 x 33 pixels on cpu") as caught:
        network(Broken("the kernel is not there")).register(*stacks)
    assert "the kernel is not there" in caught.value.details


def test_values_that_are_not_numbers_are_refused(stacks: Stacks) -> None:
    with pytest.raises(ModelError, match="values that are not numbers"):
        network(Broken()).register(*stacks)


def test_a_file_of_another_contract_is_refused() -> None:
    with pytest.raises(ModelError, match="'a' follows contract 2"):
        TorchNetwork(script(Shift(), contract=2), "a", "0", "none")


def test_bytes_that_are_no_network_are_refused() -> None:
    with pytest.raises(ModelError, match="not one that this version of PyTorch can read"):
        TorchNetwork(b"PK no archive", "a", "0", "none")


def test_a_device_that_is_absent_names_those_there_are() -> None:
    absent = "mps" if torch.cuda.is_available() else "cuda"
    with pytest.raises(DependencyError, match=f"'{absent}' is not available here: choose one of auto, .*cpu"):
        resolve_device(absent)
    assert resolve_device("auto") == available_devices()[0]
    assert resolve_device("cpu") == "cpu"
    assert tuple(describe_devices()) == available_devices()


def test_a_missing_pytorch_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(DependencyError, match="PyTorch is not installed: install the PyTorch extension"):
        resolve_device("auto")


def test_a_network_of_the_manifest_is_loaded_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = install(Shift(1.0, 0.0), tmp_path)
    monkeypatch.setenv("BSAFUSION_MODELS", str(tmp_path))
    net = load_network("cpu")
    assert (net.id, net.version, net.hash, net.device) == ("installed", "3", entry["sha256"], "cpu")
    assert load_network("cpu") is net


def test_importing_the_engine_loads_neither_torch_nor_simpleitk() -> None:
    code = "import sys; from BSAFusionLib.engine import fuse, fuse_slices, Volume, FusionConfig; "
    code += "print([m for m in ('torch', 'SimpleITK') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
