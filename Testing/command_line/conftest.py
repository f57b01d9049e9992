import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from BSAFusionLib.engine.io import write_volume
from BSAFusionLib.engine.phantom import HeadPair, head_pair

from Testing.engine.networks import Shift, script


@dataclass(frozen=True)
class PhantomFiles:
    fixed: Path
    moving: Path
    pair: HeadPair


@pytest.fixture(scope="session")
def phantom(tmp_path_factory: pytest.TempPathFactory) -> PhantomFiles:
    """An MR and a CT of a small head, misaligned by a known amount, in files."""
    folder = tmp_path_factory.mktemp("phantom")
    pair = head_pair(size=40, slices=12)
    write_volume(pair.fixed, folder / "mr.nrrd")
    write_volume(pair.moving, folder / "ct.nrrd")
    return PhantomFiles(folder / "mr.nrrd", folder / "ct.nrrd", pair)


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a network whose displacement is one column everywhere."""
    folder = tmp_path_factory.mktemp("models")
    content = script(Shift(x=1.0))
    (folder / "shift.pt").write_bytes(content)
    entry = {
        "id": "shift",
        "version": "1",
        "file": "shift.pt",
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "summary": "One column.",
    }
    manifest = {"contract": 1, "default": "shift", "models": [entry]}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder
