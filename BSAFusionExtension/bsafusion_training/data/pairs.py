"""Aligned 2-D pairs from folders of PNG slices."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ..network.mdf_fr import MODALITIES

SETS = {"CT-MRI": "CT", "PET-MRI": "PET", "SPECT-MRI": "SPECT"}
SPLIT = Path(__file__).parent.parent / "split.json"
PARTS = ("training", "neighbours", "validation", "all")
NEIGHBOUR_EVERY = 8
"""Of each patient who is learnt from, this one in so many slices is kept for judging."""


@dataclass(frozen=True)
class Pairs:
    """Slices of aligned pairs.

    fixed, moving: uint8, (n, H, W); the MRI and the other image (luma where it is coloured).
    modality: int64, (n,), index of the moving image's modality in MODALITIES.
    cases: patient of each pair. names: file stem of each pair.
    """

    fixed: Tensor
    moving: Tensor
    modality: Tensor
    cases: list[str]
    names: list[str]

    def __len__(self) -> int:
        return len(self.names)

    def select(self, keep: list[int]) -> Pairs:
        """Return some of the pairs."""
        index = torch.tensor(keep, dtype=torch.long)
        cases, names = [self.cases[i] for i in keep], [self.names[i] for i in keep]
        return Pairs(self.fixed[index], self.moving[index], self.modality[index], cases, names)


def read_luma(path: Path) -> Tensor:
    """Return a PNG as uint8 (H, W); colours become full-range luma (Rec. 601), black stays 0."""
    with Image.open(path) as image:
        return torch.from_numpy(np.asarray(image.convert("L")).copy())


def read_folder(folder: Path, other: str) -> Pairs:
    """Read all pairs of a folder that holds MRI/ and `other`/ with equal file names, `<case><3-digit
    slice>.png`.

    Raises FileNotFoundError where a partner is missing or nothing is there.
    """
    paths = sorted((folder / "MRI").glob("*.png"))
    if not paths:
        raise FileNotFoundError(f"no PNG slices in {folder / 'MRI'}")
    fixed = torch.stack([read_luma(path) for path in paths])
    moving = torch.stack([read_luma(folder / other / path.name) for path in paths])
    modality = torch.full((len(paths),), MODALITIES.index(other.lower()))
    return Pairs(fixed, moving, modality, [path.stem[:-3] for path in paths], [path.stem for path in paths])


def part_of(pairs: Pairs, held_out: list[str]) -> list[str]:
    """Return for each pair "validation" (a patient held out), "neighbours" (every eighth slice of the other
    patients) or "training"."""
    parts, seen = [], dict[str, int]()
    for case in pairs.cases:
        seen[case] = seen.get(case, 0) + 1
        neighbour = seen[case] % NEIGHBOUR_EVERY == NEIGHBOUR_EVERY // 2
        parts.append("validation" if case in held_out else "neighbours" if neighbour else "training")
    return parts


def read_sets(data: Path, part: str) -> dict[str, Pairs]:
    """Read the three sets of the atlas folder; part is one of PARTS, by split.json and part_of."""
    held_out: dict[str, list[str]] = json.loads(SPLIT.read_text())["validation"]
    sets = {}
    for name, other in SETS.items():
        pairs = read_folder(data / name, other)
        if part != "all":
            parts = part_of(pairs, held_out[name])
            pairs = pairs.select([i for i, its in enumerate(parts) if its == part])
        sets[name] = pairs
    return sets
