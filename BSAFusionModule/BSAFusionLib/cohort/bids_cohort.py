"""A cohort as a folder in BIDS: every CT and PET with the MRI of its subject and session."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from ..engine.errors import InputError
from .bids_names import BidsNames, split_name, uri
from .faults import CohortError, Fault, count
from .pair import Pair, pair_request

FIXED_SUFFIXES = ("T1w", "T2w", "FLAIR")
"""What may stay fixed, the first that is there."""
_MOVING_SUFFIXES = ("ct", "pet")
_FOLDERS = ("anat", "ct", "pet")


def read_bids(root: Path, options: argparse.Namespace) -> tuple[list[Pair], list[str]]:
    """Find the pairs in sub-*/[ses-*/]{anat,ct,pet}, and what the user should know, in sentences.

    A session without MRI takes that of the subject's only session with one. Of several MRIs of the same kind
    the first by name is taken. Raises CohortError with all faults.
    """
    root = root.absolute()
    subjects = sorted(folder for folder in root.glob("sub-*") if folder.is_dir())
    if not subjects:
        raise InputError(f"'{root}' is not a folder in BIDS, it holds no sub-*: give one, or a CSV file.")
    pairs: list[Pair] = []
    faults: list[Fault] = []
    alone = 0
    for subject in subjects:
        found = list(_pairs_of(root, subject, options))
        alone += not found
        pairs += [pair for pair in found if isinstance(pair, Pair)]
        faults += [fault for fault in found if isinstance(fault, Fault)]
    if faults:
        raise CohortError(f"'{root}' has {count(len(faults), 'fault')}, correct them and run again:", faults)
    if not pairs:
        raise InputError(f"'{root}' holds no CT and no PET: put them into sub-*/ct or sub-*/pet.")
    return pairs, [f"{count(alone, 'subject')} without CT or PET."] if alone else []


def _pairs_of(root: Path, subject: Path, options: argparse.Namespace) -> Iterator[Pair | Fault]:
    sessions = sorted(folder for folder in subject.glob("ses-*") if folder.is_dir()) or [subject]
    images = {session: _images(session) for session in sessions}
    with_mri = [session for session in sessions if _fixed(images[session])]
    for session in sessions:
        for moving, suffix in images[session]:
            if suffix not in _MOVING_SUFFIXES:
                continue
            place = moving.relative_to(root).as_posix()
            source = session if session in with_mri else with_mri[0] if len(with_mri) == 1 else None
            fixed = None if source is None else _fixed(images[source])
            if fixed is None:
                known = ", ".join(FIXED_SUFFIXES)
                how_many = "several sessions have" if with_mri else "no session has"
                reason = f"Its session has no MRI ({known}), and {how_many} one: add it."
                yield Fault(place, moving.name, reason)
            else:
                yield _pair(root, subject, fixed, (moving, suffix), options)


def _pair(
    root: Path, subject: Path, fixed: tuple[Path, str], moving: tuple[Path, str], options: argparse.Namespace
) -> Pair:
    names = split_name(moving[0])
    assert names is not None
    own = {"modality": moving[1], "fixed-modality": "mr"}
    own = {name: value for name, value in own.items() if getattr(options, name.replace("-", "_")) == "auto"}
    folder = moving[0].parent.relative_to(root).as_posix()
    bids = BidsNames(
        subject.name, folder, names[0], moving[1], fixed[1], uri(root, fixed[0]), uri(root, moving[0])
    )
    request = pair_request(fixed[0], moving[0], options, own, root)
    return Pair("_".join(names), moving[0].relative_to(root).as_posix(), request, bids)


def _images(session: Path) -> list[tuple[Path, str]]:
    """Path and suffix of the images of a session."""
    files = [file for name in _FOLDERS for file in sorted((session / name).glob("sub-*.nii*"))]
    return [(file, names[1]) for file in files if (names := split_name(file)) is not None]


def _fixed(images: list[tuple[Path, str]]) -> tuple[Path, str] | None:
    """The MRI that stays."""
    return next((image for kind in FIXED_SUFFIXES for image in images if image[1] == kind), None)
