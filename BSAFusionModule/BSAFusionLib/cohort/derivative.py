"""Results as a BIDS derivative: NIfTI images with sidecars, transforms, pictures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import SimpleITK as sitk

from .. import __version__
from .bids_names import BidsNames

_BIDS_VERSION = "1.10.0"
_IGNORED = ("*.csv", "*.html", "*.jsonl", "**/figures/", "pairs/")
_MEANING = {
    "fused": "One picture of both images, 0 to 1, for display only: measure in the sources.",
    "fused_color": "One picture of both images in colour, for display only: measure in the sources.",
    "aligned": "The moving image on the grid of the fixed one, in its own units, interpolated once.",
}


def describe_data_set(source: Path, out: Path) -> None:
    """Write what makes a folder a BIDS derivative: dataset_description.json and .bidsignore."""
    description = {
        "Name": "BSAFusion",
        "BIDSVersion": _BIDS_VERSION,
        "DatasetType": "derivative",
        "GeneratedBy": [{"Name": "BSAFusion", "Version": __version__}],
        "DatasetLinks": {"source": source.absolute().as_uri()},
    }
    _write_json(out / "dataset_description.json", description)
    (out / ".bidsignore").write_text("\n".join(_IGNORED) + "\n", encoding="utf-8")


def publish_derivative(private: Path, out: Path, names: BidsNames) -> list[str]:
    """Move the results of one pair from a private folder into the derivative, their report last.

    Images become NIfTI with a sidecar each. Returns the paths within out; raises OSError or RuntimeError.
    """
    report = json.loads((private / "report.json").read_text(encoding="utf-8"))
    results = sorted(file for file in private.iterdir() if file.is_file() and file.name != "report.json")
    moves: list[tuple[Path, str]] = []
    for file in results:
        target = names.result(file.name)
        if target is not None:
            moves += _converted(file, target, names)
    sidecar = private / "sidecar.json"
    _write_json(sidecar, {**_sidecar("fused", names), "BSAFusion": report})
    target = names.result("report.json")
    moves = [move for move in moves if move[1] != target] + [(sidecar, str(target))]
    for source, target in moves:
        (out / target).parent.mkdir(parents=True, exist_ok=True)
        source.replace(out / target)
    return [target for _, target in moves]


def _converted(file: Path, target: str, names: BidsNames) -> list[tuple[Path, str]]:
    """Files to be moved for one result, and where to."""
    if not target.endswith(".nii.gz"):
        return [(file, target)]
    image, sidecar = file.with_suffix(".nii.gz"), file.with_suffix(".sidecar.json")
    sitk.WriteImage(sitk.ReadImage(str(file)), str(image), True)
    _write_json(sidecar, _sidecar(file.stem, names))
    return [(image, target), (sidecar, target.replace(".nii.gz", ".json"))]


def _sidecar(stem: str, names: BidsNames) -> dict[str, Any]:
    described = {"Description": _MEANING[stem]} if stem in _MEANING else {}
    return {**described, "Sources": [names.fixed, names.moving], "SpatialReference": names.fixed}


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
