from dataclasses import dataclass
from pathlib import Path

import pytest
from BSAFusionLib.engine.io import write_volume
from BSAFusionLib.engine.phantom import HeadPair, head_pair

from Testing.engine.networks import Shift, install


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
    install(Shift(x=1.0), folder, "shift", "1")
    return folder
