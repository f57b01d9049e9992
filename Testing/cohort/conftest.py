from pathlib import Path

import pytest

from Testing.cohort.program import Cohort
from Testing.command_line.conftest import PhantomFiles, models, phantom

__all__ = ["models", "phantom"]


@pytest.fixture(scope="session")
def cohort(phantom: PhantomFiles, models: Path, tmp_path_factory: pytest.TempPathFactory) -> Cohort:
    """Six pairs: four sound ones, one whose voxels are cut short, one whose file is missing."""
    folder = tmp_path_factory.mktemp("cohort")
    content = phantom.moving.read_bytes()
    (folder / "short.nrrd").write_bytes(content[: len(content) // 2])
    rows = [f"sound-{kind},{phantom.fixed},{phantom.moving},{kind}" for kind in ("ct", "mr", "pet", "spect")]
    rows.insert(1, f"short,{phantom.fixed},short.nrrd,ct")
    rows.insert(2, f"missing,{phantom.fixed},gone.nrrd,ct")
    table = folder / "pairs.csv"
    table.write_text("\n".join(["id,fixed,moving,modality", *rows]) + "\n")
    return Cohort(table, models)
