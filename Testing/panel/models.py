"""A network that moves nothing, for tests that need any."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from Testing.engine.networks import Shift, script


def write_models(folder: Path) -> None:
    """Fill a folder as Resources/Models is filled."""
    content = script(Shift())
    (folder / "still.pt").write_bytes(content)
    entry = {
        "id": "still",
        "version": "1",
        "file": "still.pt",
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "summary": "Moves nothing.",
    }
    manifest = {"contract": 1, "default": "still", "models": [entry]}
    (folder / "manifest.json").write_text(json.dumps(manifest))
