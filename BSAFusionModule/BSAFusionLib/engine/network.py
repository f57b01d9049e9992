"""The network behind numpy arrays; torch is imported inside functions only."""

from __future__ import annotations

import io
import json
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from .devices import resolve_device
from .errors import InputError, ModelError
from .model_store import CONTRACT, ModelFile, find_model, read_model

if TYPE_CHECKING:
    import torch

Stack = NDArray[np.float32]

_OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "not enough memory")
# torch 2.13 announces the end of TorchScript; the contract names it until another format takes its place.
_TORCHSCRIPT_IS_DEPRECATED = r".*torch\.jit.* is deprecated"


class FusionNetwork(Protocol):
    """What the engine asks of a network.

    Stacks are (N, H, W), float32, values in [0, 1], H and W at least 32; displacements (N, 2, H, W), float32,
    pixels, x (columns) first: aligned(x) = moving(x + displacement(x)).
    """

    @property
    def id(self) -> str:
        """Name of the network."""

    @property
    def version(self) -> str:
        """Version of the network."""

    @property
    def hash(self) -> str:
        """SHA-256 of the network's file."""

    @property
    def device(self) -> str:
        """Where it runs: cpu, cuda or mps."""

    @property
    def notes(self) -> list[str]:
        """What the user should know about how it ran, in sentences."""

    def register(self, fixed: Stack, moving: Stack) -> Stack:
        """Give the displacement that aligns moving with fixed."""

    def blend(self, fixed: Stack, aligned: Stack) -> Stack:
        """Fuse two stacks that are already aligned."""

    def fuse(self, fixed: Stack, moving: Stack) -> tuple[Stack, Stack]:
        """Register and fuse in one pass: fused stack and displacement."""


@dataclass(frozen=True)
class Effort:
    """How a network is run: slices per call, in half precision or not, on which device."""

    slices: int
    half: bool
    device: str

    def easier(self) -> Effort | None:
        """What to try when memory runs out: fewer slices, half precision, the CPU; None when all is tried."""
        if self.slices > 1:
            return replace(self, slices=self.slices // 2)
        if self.device == "cpu":
            return None
        if not self.half:
            return replace(self, half=True)
        return Effort(1, False, "cpu")

    def __str__(self) -> str:
        slices = "1 slice" if self.slices == 1 else f"{self.slices} slices"
        return f"{slices} at a time on {self.device}" + (" in half precision" if self.half else "")


@dataclass(eq=False)
class TorchNetwork:
    """A TorchScript file as a FusionNetwork; see there for shapes.

    content: the file's bytes, already trusted. metadata: what the file says about itself.
    Where memory runs out, it goes on with less at a time and says so in notes.
    """

    content: bytes = field(repr=False)
    id: str
    version: str
    hash: str
    device: str = "cpu"
    notes: list[str] = field(default_factory=list)
    metadata: dict[str, Any] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self._limit: Effort | None = None
        self._module, self.metadata = _load(self.content, self.device)
        contract = self.metadata.get("contract")
        if contract != CONTRACT:
            raise ModelError(
                f"The network '{self.id}' follows contract {contract}, but this BSAFusion needs contract "
                f"{CONTRACT}: install the network that came with it."
            )

    def register(self, fixed: Stack, moving: Stack) -> Stack:
        """Give the displacement that aligns moving with fixed."""
        return self._run("register", fixed, moving)[0]

    def blend(self, fixed: Stack, aligned: Stack) -> Stack:
        """Fuse two stacks that are already aligned."""
        return self._run("blend", fixed, aligned)[0][:, 0]

    def fuse(self, fixed: Stack, moving: Stack) -> tuple[Stack, Stack]:
        """Register and fuse in one pass: fused stack and displacement."""
        fused, displacement = self._run("forward", fixed, moving)
        return fused[:, 0], displacement

    def _run(self, method: str, first: Stack, second: Stack) -> list[Stack]:
        """Call a method of the module on all slices, with as many at once as memory allows."""
        import torch

        done: list[list[Stack]] = []
        start = 0
        while start < len(first):
            effort = self._limit or Effort(len(first) - start, False, self.device)
            part = slice(start, start + effort.slices)
            try:
                done.append(self._call(method, first[part], second[part], effort.half))
            except (RuntimeError, MemoryError, torch.jit.Error) as error:
                self._ease(effort, error, first.shape)
            else:
                start = part.stop
        return [np.concatenate(parts) for parts in zip(*done, strict=True)]

    def _call(self, method: str, first: Stack, second: Stack, half: bool) -> list[Stack]:
        import torch

        kind = torch.float16 if half else torch.float32
        stacks = [
            torch.tensor(np.ascontiguousarray(stack)[:, None], dtype=kind, device=self.device)
            for stack in (first, second)
        ]
        with torch.inference_mode(), _torchscript():
            result = getattr(self._module, method)(*stacks)
        parts = result if isinstance(result, tuple) else (result,)
        arrays: list[Stack] = [part.float().cpu().numpy() for part in parts]
        if not all(np.isfinite(array).all() for array in arrays):
            raise ModelError(
                f"The network '{self.id}' gave values that are not numbers on {self.device}: "
                "choose another device."
            )
        return arrays

    def _ease(self, effort: Effort, error: Exception, shape: tuple[int, ...]) -> None:
        """Prepare to go on with less memory; raises when it is another error or nothing is left to try."""
        size = f"{shape[2]} x {shape[1]} pixels"
        if not _is_out_of_memory(error):
            raise ModelError(
                f"The network '{self.id}' failed on slices of {size} on {self.device}: "
                "choose another device.",
                str(error),
            ) from error
        easier = effort.easier()
        if easier is None:
            raise InputError(
                f"There is not enough memory for a slice of {size}: "
                "crop the volumes or close other programs.",
                str(error),
            ) from error
        if (easier.half, easier.device) != (effort.half, effort.device):
            self._module, _ = _load(self.content, easier.device, easier.half)
            self.device = easier.device
        self._limit = easier
        self.notes.append(f"Memory ran out with {effort}; went on with {easier}.")


def forget_networks() -> None:
    """Free all loaded networks; the next load_network reads the file again."""
    _verified.cache_clear()


def load_network(device: str = "auto", model_id: str | None = None) -> TorchNetwork:
    """Load a network of the manifest, the default one when no id is given, once per process and device.

    Raises DependencyError (PyTorch, device) or ModelError (file).
    """
    model = find_model(model_id)
    return _verified(model, resolve_device(device))


@cache
def _verified(model: ModelFile, device: str) -> TorchNetwork:
    return TorchNetwork(read_model(model), model.id, model.version, model.sha256, device)


def _load(content: bytes, device: str, half: bool = False) -> tuple[torch.jit.ScriptModule, dict[str, Any]]:
    """Read a TorchScript file from memory; module in evaluation mode, and its metadata.

    It stays as it was exported, in channels-last order (measured 13 % faster); freezing it gained nothing.
    """
    import torch

    extra = {"metadata.json": ""}
    try:
        with _torchscript():
            load: Callable[..., torch.jit.ScriptModule] = torch.jit.load
            module = load(io.BytesIO(content), map_location=device, _extra_files=extra)
        metadata = json.loads(extra["metadata.json"] or "{}")
    except (RuntimeError, ValueError) as error:
        raise ModelError(
            "The network file is not one that this version of PyTorch can read: update PyTorch.", str(error)
        ) from error
    module.eval()
    return (module.half() if half else module), metadata


@contextmanager
def _torchscript() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", _TORCHSCRIPT_IS_DEPRECATED, DeprecationWarning)
        yield


def _is_out_of_memory(error: Exception) -> bool:
    return isinstance(error, MemoryError) or any(word in str(error).lower() for word in _OUT_OF_MEMORY)
