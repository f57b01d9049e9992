"""bsafusion export-dicom: a folder of results as DICOM series."""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..engine.errors import InputError
from .plain_run import run_plainly


def run_export(arguments: argparse.Namespace) -> int:
    """Run the command; returns the exit status."""
    return run_plainly(lambda: _described(arguments.out, _export(arguments)))


def _described(folder: Path, written: dict[str, int]) -> list[str]:
    return [
        f"{folder / name}: {count} {'file' if count == 1 else 'files'}" for name, count in written.items()
    ]


def _export(arguments: argparse.Namespace) -> dict[str, int]:
    from ..engine.dicom_export import export_dicom
    from ..engine.dicom_source import SourceSeries, read_source_folder, require_pydicom

    require_pydicom()
    fixed, moving = read_source_folder(arguments.like), read_source_folder(arguments.moving)
    results = _read_results(arguments.results)
    extremes = None
    if moving != SourceSeries():
        from ..engine.io import read_volume

        array = read_volume(arguments.moving).array
        extremes = float(array.min()), float(array.max())
    with _new_folder(arguments.out) as folder:
        return export_dicom(results, folder, fixed, moving, arguments.units, extremes)


def _read_results(folder: Path) -> Any:
    """Read what a fusion has written; raises InputError where something is missing."""
    from ..engine.color_file import read_color
    from ..engine.dicom_export import ExportedResults, verdict_words
    from ..engine.io import read_image
    from ..engine.sitk_bridge import from_sitk

    report = _report(folder)
    aligned = from_sitk(read_image(folder / "aligned.nrrd"), "aligned")
    picture = read_color(folder)
    if picture.shape[:3] != aligned.shape:
        raise InputError(f"'{folder}' holds results of several fusions: give a folder of one.")
    geometry = report["geometry"]
    return ExportedResults(
        aligned,
        picture,
        aligned,
        geometry["moving"]["modality"],
        geometry["fixed"]["modality"],
        tuple(geometry["moving"]["window"]),
        verdict_words(report.get("verdict", {})),
    )


def _report(folder: Path) -> dict[str, Any]:
    try:
        report: dict[str, Any] = json.loads((folder / "report.json").read_text(encoding="utf-8"))
        if {"fixed", "moving"} <= report["geometry"].keys():
            return report
    except (OSError, ValueError, KeyError, AttributeError):
        pass
    raise InputError(f"'{folder}' holds no results: give the folder that bsafusion fuse has written.")


@contextmanager
def _new_folder(path: Path) -> Iterator[Path]:
    """Yield a private folder that becomes path when the block has succeeded."""
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise InputError(f"'{path}' exists and is not an empty folder: choose another one.")
    created = [folder for folder in path.resolve().parents if not folder.exists()]
    private: Path | None = None
    try:
        path.resolve().parent.mkdir(parents=True, exist_ok=True)
        private = Path(tempfile.mkdtemp(prefix=".bsafusion-", dir=path.resolve().parent))
        yield private
        if path.exists():
            path.rmdir()
        private.chmod(0o755)
        private.replace(path)
        created.clear()
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"'{path}' cannot be written ({reason}): choose another folder.") from error
    finally:
        if private is not None:
            shutil.rmtree(private, ignore_errors=True)
        for folder in created:
            if folder.exists():
                folder.rmdir()
