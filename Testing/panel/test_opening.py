"""What starting Slicer and opening the panel bring along."""

from __future__ import annotations

import subprocess
import sys

from .conftest import MODULE, ROOT

_SCRIPT = """
import sys
from pathlib import Path
from Testing.host import desktop
desktop.start()
before = set(sys.modules)
entry = desktop.load_module(Path(sys.argv[1]))
print(sorted(name for name in set(sys.modules) - before))
with desktop.opened(entry):
    print(sorted({"torch", "SimpleITK"} & set(sys.modules)), flush=True)
    __import__("os")._exit(0)
"""


def test_start_up_imports_the_entry_script_alone_and_opening_no_heavy_library() -> None:
    output = subprocess.run(
        [sys.executable, "-c", _SCRIPT, str(MODULE)], capture_output=True, check=True, text=True, cwd=ROOT
    )
    assert output.stdout.splitlines() == ["['BSAFusion']", "[]"]
