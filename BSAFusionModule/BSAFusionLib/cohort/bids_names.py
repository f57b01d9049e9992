"""How files are called in BIDS, the Brain Imaging Data Structure (bids.neuroimaging.io)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_NAME = re.compile(r"(sub-[a-zA-Z0-9]+(?:_[a-zA-Z]+-[a-zA-Z0-9+]+)*)_([a-zA-Z0-9]+)\.nii(\.gz)?")


@dataclass(frozen=True)
class BidsNames:
    """Where the results of one pair go in a derivative.

    subject: its folder. folder: that of the moving image, such as sub-01/ses-1/pet. entities: those of the
    moving image, such as sub-01_ses-1_trc-FDG. suffix, fixed_suffix: such as pet and T1w. fixed, moving: BIDS
    URIs of both images.
    """

    subject: str
    folder: str
    entities: str
    suffix: str
    fixed_suffix: str
    fixed: str
    moving: str

    def result(self, name: str) -> str | None:
        """Path of a file of bsafusion fuse within the derivative; None for one that is left out.

        The displacement is left out: it is a part of the transform, and BIDS has no name for it.
        """
        stem, _, extension = name.partition(".")
        label = stem.split("_")[0] + "".join(part.capitalize() for part in stem.split("_")[1:])
        image = f"{self.folder}/{self.entities}_space-{self.fixed_suffix}_desc"
        if name == "displacement.nrrd":
            return None
        if name == "report.json":
            return f"{image}-fused_{self.suffix}.json"
        if extension == "nrrd":
            return f"{image}-{label}_{self.suffix}.nii.gz"
        if extension == "h5":
            ends = (self.suffix, self.fixed_suffix)
            source, target = reversed(ends) if "inverse" in stem else ends
            return f"{self.folder}/{self.entities}_from-{source}_to-{target}_mode-image_xfm.h5"
        return f"{self.subject}/figures/{self.entities}_{self.suffix}_{stem}.{extension}"


def split_name(path: Path) -> tuple[str, str] | None:
    """Entities and suffix of a NIfTI file, such as ('sub-01_ses-1', 'T1w'); None where it is not named so."""
    found = _NAME.fullmatch(path.name)
    return (found[1], found[2]) if found else None


def uri(root: Path, path: Path) -> str:
    """A file of the source data set, as the derivative names it."""
    return f"bids:source:{path.relative_to(root).as_posix()}"
