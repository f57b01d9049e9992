"""Where Slicer keeps the DICOM files of a volume."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import slicer


def files_of(node: Any) -> list[Path]:
    """Return the files that a volume was loaded from, none where it did not come from the DICOM database."""
    database = getattr(slicer, "dicomDatabase", None)
    uids = (node.GetAttribute("DICOM.instanceUIDs") or "").split()
    if database is None or not uids:
        return []
    return [Path(file) for file in (database.fileForInstance(uid) for uid in uids) if file]
