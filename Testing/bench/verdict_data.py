"""Pairs of volumes that are aligned as they are stored, made small: limbs, atlas brains, templates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from BSAFusionLib.engine.body import isotropic
from BSAFusionLib.engine.io import read_volume
from BSAFusionLib.engine.volume import Volume
from numpy.typing import NDArray
from PIL import Image

_LIMB_MM = 3.0
_STACK_HEIGHT_MM = 130.0  # the atlas does not tell the distance of its slices
_TEMPLATE_PAIRS = (("T1", "PET"), ("T1", "SPECT"), ("T2", "PET"), ("T1", "T2"), ("PD", "SPECT"))
_HU = (40.0, 30.0, 10.0, 900.0, 20.0, -1000.0)  # of the six tissue classes of TPM.nii
_LUMA = (0.299, 0.587, 0.114)


@dataclass(frozen=True, eq=False)
class TruePair:
    """Two volumes of one patient for which identity is the right answer.

    patient: who it is, the same for all pairs of one person. anatomy: limb or brain. modality: of moving,
    fixed_modality: of fixed.
    """

    patient: str
    anatomy: str
    fixed: Volume
    moving: Volume
    fixed_modality: str
    modality: str

    @property
    def name(self) -> str:
        """Patient and modalities."""
        return f"{self.patient} {self.fixed_modality}-{self.modality}"


def read_pairs(limbs: Path, atlas: Path, templates: Path) -> list[TruePair]:
    """Read everything; see Testing/bench/bench_verdict.py for the three folders."""
    return [*_limbs(limbs), *atlas_brains(atlas), *_templates(templates)]


def _limbs(folder: Path) -> Iterator[TruePair]:
    for patient in sorted(path for path in folder.iterdir() if path.is_dir()):
        volumes = {
            kind: isotropic(read_volume(patient / f"{file}_image.nii.gz"), _LIMB_MM)
            for kind, file in (("mr", "MR_T1"), ("ct", "CT"), ("pet", "PET"))
        }
        for fixed, moving in (("mr", "ct"), ("mr", "pet"), ("ct", "pet")):
            yield TruePair(patient.name, "limb", volumes[fixed], volumes[moving], fixed, moving)


def atlas_brains(folder: Path) -> Iterator[TruePair]:
    """MR with CT or SPECT of every patient of the atlas, slices stacked."""
    for kind in ("CT", "SPECT"):  # the PET ones mix planes
        names = [path.name for path in (folder / f"{kind}-MRI" / "MRI").glob("*.png")]
        cases = sorted({re.sub(r"\d{3}\.png$", "", name) for name in names}, key=int)
        for case in cases:
            files = sorted(name for name in names if re.fullmatch(rf"{case}\d{{3}}\.png", name))
            fixed, moving = (
                _stack([folder / f"{kind}-MRI" / side / name for name in files]) for side in ("MRI", kind)
            )
            if kind == "CT":
                moving = moving.with_array(_hounsfield(moving.array))
            yield TruePair(f"atlas {kind} {case}", "brain", fixed, moving, "mr", kind.lower())


def _hounsfield(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    """Undo the brain window of the atlas; what it cut off becomes bone and air."""
    brain = grey * np.float32(80 / 255)
    return np.asarray(np.where(grey > 250, 1000, np.where(grey < 5, -1000, brain)), np.float32)


def _stack(files: list[Path]) -> Volume:
    """Slices, from the base of the skull upwards, as a volume of 2 mm pixels; patient's left on the right."""
    step = max(1, round(len(files) / 26))
    slices = np.stack([_grey(path) for path in files[::step]])
    small = slices.reshape(len(slices), 128, 2, 128, 2).mean(axis=(2, 4))
    matrix = np.diag([-2.0, -2.0, _STACK_HEIGHT_MM / len(small), 1.0])
    matrix[:3, 3] = [127.0, 127.0, -_STACK_HEIGHT_MM / 2]
    return Volume(small.astype(np.float32), matrix, files[0].parent.name)


def _grey(path: Path) -> np.ndarray:
    picture = np.asarray(Image.open(path).convert("RGB"), np.float32)
    return np.asarray(picture @ np.array(_LUMA, np.float32))


def _templates(folder: Path) -> Iterator[TruePair]:
    @cache
    def template(name: str) -> Volume:
        volume = isotropic(read_volume(folder / f"{name}.nii"), _LIMB_MM)
        return Volume(volume.array, volume.ijk_to_ras, name)

    kinds = {"PET": "pet", "SPECT": "spect"}
    for fixed, moving in _TEMPLATE_PAIRS:
        yield TruePair("template", "brain", template(fixed), template(moving), "mr", kinds.get(moving, "mr"))
    ct = pseudo_ct(folder / "TPM.nii")
    yield TruePair("template", "brain", template("T1"), ct, "mr", "ct")
    yield TruePair("template", "brain", template("PD"), ct, "mr", "ct")


def pseudo_ct(file: Path) -> Volume:
    """A head CT of tissue classes: what a CT of the average head would look like."""
    import SimpleITK as sitk
    from BSAFusionLib.engine.sitk_bridge import from_sitk

    image = sitk.ReadImage(str(file), sitk.sitkFloat32)
    size = [*image.GetSize()[:3], 0]
    classes = [from_sitk(sitk.Extract(image, size, [0, 0, 0, n]), "CT") for n in range(image.GetSize()[3])]
    array = sum(volume.array * np.float32(hu) for volume, hu in zip(classes, _HU, strict=True))
    return isotropic(classes[0].with_array(np.asarray(array, np.float32)), _LIMB_MM)
