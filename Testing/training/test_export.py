import hashlib
import json
import re
import zipfile
from pathlib import Path

import pytest
import torch
from bsafusion_training.data.pairs import Pairs
from bsafusion_training.export import Restraint, export, fold_normalisation, load_average
from bsafusion_training.trainer import Recipe, Trainer
from BSAFusionLib.engine.model_store import find_model

from Testing.training.test_network import SMALL

OLD_OPERATORS = {b"upsample_bilinear2d", b"grid_sampler", b"pad"}
"""Of those that resize, sample and pad: what PyTorch had long before the oldest that is supported."""


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    image = (torch.rand(2, 256, 256) * 255).to(torch.uint8)
    pairs = Pairs(image, 255 - image, torch.tensor([1, 1]), ["1", "1"], ["1001", "1002"])
    trainer = Trainer(
        Recipe(steps=2, fusion_steps=1, batch=2, image_size=128, half=False, size=SMALL), {"CT-MRI": pairs}
    )
    trainer.advance()
    trainer.advance()
    path = tmp_path_factory.mktemp("run") / "last.pt"
    trainer.save(path)
    return path


@pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")
def test_the_exported_file_gives_what_the_checkpoint_gives(checkpoint: Path, tmp_path: Path) -> None:
    path = export(checkpoint, tmp_path, "tiny", "1", {"validation": {"NCC": 0.5}})
    extra = {"metadata.json": ""}
    exported = torch.jit.load(str(path), _extra_files=extra)
    network = fold_normalisation(load_average(checkpoint)[0]).to(memory_format=torch.channels_last)
    fixed, moving = torch.rand(2, 1, 70, 96), torch.rand(2, 1, 70, 96)
    with torch.inference_mode():
        for theirs, ours in zip(exported(fixed, moving), network(fixed, moving), strict=True):
            torch.testing.assert_close(theirs, ours, rtol=0, atol=1e-5)
        torch.testing.assert_close(
            exported.blend(fixed, moving), network.blend(fixed, moving), rtol=0, atol=1e-5
        )
    metadata = json.loads(extra["metadata.json"])
    assert (metadata["id"], metadata["contract"], metadata["validation"]) == ("tiny", 1, {"NCC": 0.5})


@pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")
def test_neither_a_new_file_nor_the_shipped_one_brings_an_operator_of_a_newer_pytorch_along(
    checkpoint: Path, tmp_path: Path
) -> None:
    """Functions such as interpolate are written into the file whole, with operators that they may call."""
    assert_reads_widely(export(checkpoint, tmp_path, "tiny", "1", {}))
    assert_reads_widely(find_model().path)


def assert_reads_widely(path: Path) -> None:
    with zipfile.ZipFile(path) as file:
        code = b"".join(file.read(name) for name in file.namelist() if name.endswith(".py"))
    assert set(re.findall(rb"torch\.(\w*(?:sample|pad)\w*)\(", code)) <= OLD_OPERATORS


def test_folding_the_normalisation_changes_no_convolution(checkpoint: Path) -> None:
    network, _ = load_average(checkpoint)
    images = torch.rand(2, 1, 64, 64)
    with torch.inference_mode():
        plain, folded = (
            network.mdf_fr.structures(images),
            fold_normalisation(network).mdf_fr.structures(images),
        )
    for theirs, ours in zip(folded, plain, strict=True):
        torch.testing.assert_close(theirs, ours, rtol=1e-4, atol=1e-5)


@pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")
def test_what_is_not_trusted_is_not_moved(checkpoint: Path, tmp_path: Path) -> None:
    nothing = dict.fromkeys(("mr", "ct", "pet", "spect"), 0.0)
    exported = torch.jit.load(str(export(checkpoint, tmp_path, "tiny", "1", {}, Restraint(nothing))))
    displacement = exported.register(torch.rand(1, 1, 64, 64), torch.rand(1, 1, 64, 64))
    assert displacement.abs().max() == 0


def test_what_is_not_recognised_is_not_moved(checkpoint: Path) -> None:
    network, _ = load_average(checkpoint)
    torch.nn.init.constant_(network.bsfa.steps[4].predict.bias, 1.0)
    pair = torch.rand(2, 1, 128, 128)
    with torch.inference_mode():
        fixed, moving = pair.chunk(2)
        whole = network.register(fixed, moving)
        volumes = network.trace(torch.nn.functional.avg_pool2d(pair, 2)).volumes
        certainty = sum(float(torch.softmax(volume, -1).amax(-1).mean()) for volume in volumes[2:4])
        for low, kept in ((certainty - 2.0, 1.0), (certainty - 0.5, 0.5), (certainty + 0.1, 0.0)):
            network.doubtful = torch.tensor([low, low + 1.0])
            torch.testing.assert_close(network.register(fixed, moving), kept * whole, rtol=1e-3, atol=1e-4)
    assert whole.abs().max() > 0.1


def test_the_manifest_holds_the_hash_of_the_file(checkpoint: Path, tmp_path: Path) -> None:
    path = export(checkpoint, tmp_path / "new" / "folder", "tiny", "7", {})
    manifest = json.loads((path.parent / "manifest.json").read_text())
    assert manifest["default"] == "tiny"
    assert manifest["models"][0]["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
