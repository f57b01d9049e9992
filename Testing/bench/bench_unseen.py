"""Judge an exported network on anatomy that it never saw, where the truth is exact: limbs.

MR and PET are made from each patient's CT, so that all three fit exactly; two slices a patient are deformed
by the published family at 1.5 times its strength (6 px). The real MR and PET of the same slices follow: they
do not lie where the CT lies, so that only the known part of the deformation can be judged there.
python -m Testing.bench.bench_unseen MODEL LIMBS, a folder of the layout of the IBSI soft-tissue sarcoma set.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from bsafusion_training.data.pairs import Pairs
from bsafusion_training.data.volumes import (
    FILES,
    FIXED,
    bytes_on,
    join_pairs,
    read_volume_pairs,
    slice_grid,
)
from bsafusion_training.evaluation import evaluate, report_text
from BSAFusionLib.engine.io import read_volume

from .made_volumes import made_mr, made_pet, read_mask

SLICES, STRENGTH = 2, 1.5


def made_pairs(folder: Path) -> dict[str, Pairs]:
    """Pairs of made MR with the true CT, and with a made PET; a seed for each patient."""
    fixed, moving = [], dict[str, list[torch.Tensor]]()
    patients = sorted(path for path in folder.iterdir() if (path / FIXED).exists())
    for seed, patient in enumerate(patients):
        ct, place = read_volume(patient / "CT_image.nii.gz"), read_volume(patient / FIXED)
        on = read_volume(patient / "PET_image.nii.gz")
        pet = made_pet(ct, read_mask(patient / "CT_mask.nii.gz"), on, seed)
        grid = slice_grid(place, SLICES)
        fixed.append(torch.from_numpy(bytes_on(made_mr(ct, place, seed), "mr", grid)))
        for modality, volume in (("ct", ct), ("pet", pet)):
            moving.setdefault(modality, []).append(torch.from_numpy(bytes_on(volume, modality, grid)))
    names = [patient.name for patient in patients]
    return {
        f"made MRI-{modality.upper()}": join_pairs(fixed, images, modality, names)
        for modality, images in moving.items()
    }


def main() -> None:
    """Print one table per set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("limbs", type=Path)
    options = parser.parse_args()
    network = torch.jit.load(str(options.model))  # type: ignore[no-untyped-call]
    real = {f"real {name}": read_volume_pairs(options.limbs, name, SLICES) for name in FILES}
    for name, pairs in {**made_pairs(options.limbs), **real}.items():
        print(report_text(name, pairs, evaluate(network, pairs, STRENGTH)), flush=True)


if __name__ == "__main__":
    main()
