"""Where the network file lies, and whether it is the one that was published.

Resources/Models/manifest.json:
{"contract": 1, "default": id, "models": [{"id", "version", "file", "sha256", "bytes", "summary"}, ...]}
file is a name in the same folder; contract is the version of the network's inputs and outputs.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import ModelError

CONTRACT = 1
FOLDER_VARIABLE = "BSAFUSION_MODELS"

_ADVICE = "reinstall BSAFusion"
# In Slicer, Resources/ lies beside BSAFusionLib/; in the sources, beside the module's folder.
_ROOTS = (Path(__file__).resolve().parents[2], Path(__file__).resolve().parents[3])


@dataclass(frozen=True)
class ModelFile:
    """One network of the manifest.

    path: where the file should be. sha256: what its bytes must hash to. size: their number.
    summary: a sentence for the user.
    """

    id: str
    version: str
    path: Path
    sha256: str
    size: int
    summary: str


def resource_path(name: str) -> Path:
    """Path of a file or folder in Resources/, in an installed extension as in a checkout.

    Raises ModelError when neither place has it.
    """
    for root in _ROOTS:
        path = root / "Resources" / name
        if path.exists():
            return path
    raise ModelError(f"Resources/{name} is not installed beside BSAFusion: {_ADVICE}.")


def models_folder() -> Path:
    """Folder of the networks: the variable BSAFUSION_MODELS where set, else Resources/Models."""
    chosen = os.environ.get(FOLDER_VARIABLE)
    return Path(chosen) if chosen else resource_path("Models")


def find_model(model_id: str | None = None) -> ModelFile:
    """Look a network up in the manifest, the default one when no id is given; the file is not opened.

    Raises ModelError when the manifest is missing, damaged, of another contract, or does not list the id.
    """
    folder = models_folder()
    manifest = _read_manifest(folder / "manifest.json")
    if manifest.get("contract") != CONTRACT:
        raise ModelError(
            f"The networks in '{folder}' follow contract {manifest.get('contract')}, but this BSAFusion "
            f"needs contract {CONTRACT}: install the networks that came with it."
        )
    try:
        known = {entry["id"]: entry for entry in manifest["models"]}
        wanted = model_id or manifest["default"]
        if wanted not in known:
            raise ModelError(
                f"There is no network '{wanted}' in '{folder}': choose one of {', '.join(known)}."
            )
        return _entry(known[wanted], folder)
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(folder / "manifest.json", repr(error)) from error


def read_model(model: ModelFile) -> bytes:
    """Read a network's file and give its bytes only if they are the published ones, else raise ModelError."""
    try:
        content = model.path.read_bytes()
    except OSError as error:
        raise ModelError(
            f"The network file '{model.path}' cannot be read ({error.strerror}): {_ADVICE}."
        ) from error
    if hashlib.sha256(content).hexdigest() != model.sha256:
        raise ModelError(
            f"The network file '{model.path}' is damaged or altered, "
            f"its checksum differs from the manifest's: {_ADVICE}."
        )
    return content


def _read_manifest(path: Path) -> dict[str, Any]:
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelError(
            f"The list of networks '{path}' cannot be read ({error.strerror}): {_ADVICE}."
        ) from error
    except ValueError as error:
        raise _damaged(path, str(error)) from error
    if not isinstance(manifest, dict):
        raise _damaged(path, "not an object")
    return manifest


def _entry(entry: dict[str, Any], folder: Path) -> ModelFile:
    name = str(entry["file"])
    if Path(name).name != name:
        raise ValueError(f"{name} is not a file name")
    return ModelFile(
        str(entry["id"]),
        str(entry["version"]),
        folder / name,
        str(entry["sha256"]).lower(),
        int(entry["bytes"]),
        str(entry["summary"]),
    )


def _damaged(path: Path, details: str) -> ModelError:
    return ModelError(f"The list of networks '{path}' is damaged: {_ADVICE}.", details)
