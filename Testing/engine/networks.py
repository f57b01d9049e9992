"""Small TorchScript networks of the contract whose answer is known."""

from __future__ import annotations

import hashlib
import io
import json
import warnings
from pathlib import Path

import torch
from BSAFusionLib.engine.network import TorchNetwork
from torch import Tensor, nn


class Shift(nn.Module):
    """The displacement is the same everywhere; fused is the larger value.

    x, y: columns and rows, px. most: slices it can take at once; one more and its memory runs out.
    """

    def __init__(self, x: float = 0.0, y: float = 0.0, most: int = 1000) -> None:
        super().__init__()
        self.shift = nn.Parameter(torch.tensor([x, y]))
        self.most = most

    def forward(self, fixed: Tensor, moving: Tensor) -> tuple[Tensor, Tensor]:
        displacement = self.register(fixed, moving)
        x, y = int(displacement[0, 0, 0, 0]), int(displacement[0, 1, 0, 0])
        return self.blend(fixed, torch.roll(moving, [-y, -x], [2, 3])), displacement

    @torch.jit.export
    def register(self, fixed: Tensor, moving: Tensor) -> Tensor:
        if fixed.shape[0] > self.most:
            raise RuntimeError("CUDA out of memory")
        return (
            self.shift[None, :, None, None].expand(len(fixed), 2, fixed.shape[2], fixed.shape[3]) + 0 * moving
        )

    @torch.jit.export
    def blend(self, fixed: Tensor, aligned: Tensor) -> Tensor:
        return torch.maximum(fixed, aligned)


class Average(Shift):
    """Fused is the mean of both, so that a missing image darkens the result."""

    @torch.jit.export
    def blend(self, fixed: Tensor, aligned: Tensor) -> Tensor:
        return (fixed + aligned) / 2


class BestShift(Shift):
    """The integer displacement, the same for a whole slice, that makes moving most like fixed."""

    @torch.jit.export
    def register(self, fixed: Tensor, moving: Tensor) -> Tensor:
        displacement = torch.zeros(len(fixed), 2, fixed.shape[2], fixed.shape[3])
        for n in range(len(fixed)):
            least = 1e30
            for y in range(-6, 7):
                for x in range(-6, 7):
                    error = float((torch.roll(moving[n, 0], [-y, -x], [0, 1]) - fixed[n, 0]).abs().mean())
                    if error < least:
                        least = error
                        displacement[n, 0], displacement[n, 1] = x, y
        return displacement


class Broken(Shift):
    """Fails, or gives no numbers."""

    def __init__(self, message: str = "") -> None:
        super().__init__()
        self.message = message

    @torch.jit.export
    def register(self, fixed: Tensor, moving: Tensor) -> Tensor:
        if len(self.message) > 0:
            raise RuntimeError(self.message)
        return torch.cat((fixed, moving), dim=1) / 0.0


def script(module: nn.Module, contract: int = 1) -> bytes:
    """The bytes of a network's file."""
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        scripted = torch.jit.script(module.eval())
        torch.jit.save(scripted, buffer, _extra_files={"metadata.json": json.dumps({"contract": contract})})
    return buffer.getvalue()


def network(module: nn.Module) -> TorchNetwork:
    """A network as the engine loads it."""
    return TorchNetwork(script(module), "test", "0", "none")


def install(
    module: nn.Module, folder: Path, name: str = "installed", version: str = "3"
) -> dict[str, object]:
    """Fill a folder as Resources/Models is filled, with one network; returns its entry in the manifest."""
    content = script(module)
    (folder / f"{name}.pt").write_bytes(content)
    entry = {
        "id": name,
        "version": version,
        "file": f"{name}.pt",
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "summary": "for tests",
    }
    manifest = {"contract": 1, "default": name, "models": [entry]}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return entry
