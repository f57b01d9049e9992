"""From a checkpoint to the one file that the product loads, and its entry in the manifest."""

from __future__ import annotations

import copy
import hashlib
import json
import warnings
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from .network import BSAFusion, NetworkSize
from .network.blocks import ConvBlock
from .network.mdf_fr import MODALITIES

CONTRACT = 1


@dataclass(frozen=True)
class Restraint:
    """How much of the displacement an exported network keeps, calibrated on patients not learnt from.

    trust: share by modality, 1 where none is named. doubtful: the certainties of matching (see
    BSAFusion.recognised) below which nothing is kept, and above which everything is; None keeps everything.
    """

    trust: dict[str, float] = field(default_factory=dict)
    doubtful: tuple[float, float] | None = None

    def put_on(self, network: BSAFusion) -> None:
        """Make a network keep no more."""
        network.trust = torch.tensor([self.trust.get(modality, 1.0) for modality in MODALITIES])
        if self.doubtful is not None:
            network.doubtful = torch.tensor(self.doubtful)


def load_average(checkpoint: Path) -> tuple[BSAFusion, dict[str, Any]]:
    """Return the averaged network of a checkpoint, ready to infer, and the checkpoint's recipe with its
    step."""
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    network = BSAFusion(NetworkSize(**state["recipe"]["size"]))
    network.load_state_dict(state["average"])
    return network.eval(), {**state["recipe"], "step": state["step"]}


def fold_normalisation(network: BSAFusion) -> BSAFusion:
    """Return a copy whose batch normalisations are part of the convolutions before them."""
    folded = copy.deepcopy(network).eval()
    for module in folded.modules():
        if isinstance(module, ConvBlock) and isinstance(module.norm, nn.BatchNorm2d):
            module.conv = fuse_conv_bn_eval(module.conv, module.norm)
            module.norm = nn.Identity()
    return folded


def script(network: BSAFusion) -> torch.jit.ScriptModule:
    """Return the network as TorchScript, normalisation folded, channels last."""
    folded = fold_normalisation(network).requires_grad_(False).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*torch.jit.*", category=DeprecationWarning)
        scripted: torch.jit.ScriptModule = torch.jit.script(folded)
    return scripted


def export(
    checkpoint: Path,
    folder: Path,
    model_id: str,
    version: str,
    facts: dict[str, Any],
    restraint: Restraint | None = None,
) -> Path:
    """Write folder/<model_id>.pt with metadata.json inside, and make it the manifest's only and default
    model.

    facts: "training" and "validation" numbers, ready for JSON. restraint: all is kept where none is given.
    """
    network, recipe = load_average(checkpoint)
    restraint = restraint or Restraint()
    restraint.put_on(network)
    metadata = {"id": model_id, "version": version, "contract": CONTRACT, **asdict(restraint), **facts}
    metadata["training"] = {**metadata.get("training", {}), "recipe": recipe}
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{model_id}.pt"
    scripted = script(network)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*torch.jit.*", category=DeprecationWarning)
        torch.jit.save(scripted, str(path), _extra_files={"metadata.json": json.dumps(metadata)})
    content = path.read_bytes()
    entry = {
        "id": model_id,
        "version": version,
        "file": path.name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "summary": str(facts.get("summary", "")),
    }
    manifest = {"contract": CONTRACT, "models": [entry], "default": model_id}
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
    return path
