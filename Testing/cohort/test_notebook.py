"""The example notebook does what it says."""

import json
import os
import subprocess
import sys
from pathlib import Path

from Testing.architecture.source_tree import ROOT

NOTEBOOK = ROOT / "docs" / "examples" / "cohort.ipynb"


def test_the_example_runs_and_shows_the_lost_pair_first(models: Path, tmp_path: Path) -> None:
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    environment = {**os.environ, "BSAFUSION_MODELS": str(models)}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    first, *_ = told = done.stdout.splitlines()
    assert first.startswith("lost failed")
    assert {line.split()[0] for line in told if " done " in line} == {"as-it-is", "smooth"}
    assert (tmp_path / "cohort-example" / "results" / "cohort.html").exists()


def test_the_notebook_is_committed_without_outputs() -> None:
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in cells)
