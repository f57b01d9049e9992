"""What is known of the chosen volumes before a run: can they be used, what are they, where do they lie."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..engine.air import centered_on, check_place
from ..engine.errors import BSAFusionError
from ..engine.geometry import center_ras, extent_mm, overlap
from ..engine.intensity import guess_modality, resolve_window
from ..engine.volume import Volume
from ..scene.fusion_nodes import PREFIX
from ..scene.read import ijk_to_world, transform_note, view_volume
from .i18n import tr as _

_CLASS = "vtkMRMLScalarVolumeNode"
_PLANES = ("sagittal", "coronal", "axial")
_OBLIQUE = 0.98  # cosine of the angle between slice axis and body axis


@dataclass(frozen=True, eq=False)
class Facts:
    """One volume: why it cannot be used (None when it can), what it is taken for, a note on its place.

    windows: why a modality and a window do not fit it (None when they do), as far as that was asked.
    """

    problem: str | None
    volume: Volume | None = None
    modality: str = ""
    note: str | None = None
    windows: dict[tuple[str, str], str | None] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class PairFacts:
    """Why two volumes cannot be fused with each other (None when they can), and how they lie, in one line.

    centered: why not even after their centres have been put on each other.
    """

    problem: str | None = None
    line: str = ""
    centered: str | None = None


class Inspector:
    """Looks at volumes of a scene, and again only at what has changed."""

    def __init__(self, scene: Any) -> None:
        self._scene = scene
        self._facts: dict[tuple[str, str], tuple[object, Facts]] = {}
        self._pair: tuple[tuple[Facts, Facts, object], PairFacts] | None = None

    def facts(self, node_id: str, role: str) -> Facts:
        """Inspect a node in its role, "fixed" or "moving"."""
        node = self._scene.GetNodeByID(node_id)
        if node is None:
            return Facts(f"The {role} volume is no longer in the scene: choose another.")
        changed = _changed(node)
        known = self._facts.get((node_id, role))
        if known is None or known[0] != changed:
            known = (changed, _inspect(node, role))
            self._facts[node_id, role] = known
        return known[1]

    def pair(self, fixed_id: str, moving_id: str, start: NDArray[np.float64] | None = None) -> PairFacts:
        """Compare two volumes that are usable on their own, the moving one where a start puts it.

        start: 4 x 4, RAS mm, fixed to moving points; None as they lie.
        """
        fixed, moving = self.facts(fixed_id, "fixed"), self.facts(moving_id, "moving")
        asked = (fixed, moving, None if start is None else start.tobytes())
        if self._pair is None or self._pair[0] != asked:
            self._pair = (asked, _compare(fixed, moving, start))
        return self._pair[1]

    def window_problem(self, node_id: str, role: str, modality: str, window: str) -> str | None:
        """Return why a modality and a window do not fit a volume, or None."""
        facts = self.facts(node_id, role)
        volume = facts.volume
        if volume is None:
            return None
        choice = (facts.modality if modality == "auto" else modality, window)
        if choice not in facts.windows:
            facts.windows[choice] = _refusal(lambda: resolve_window(volume, *choice))
        return facts.windows[choice]


def suggest(scene: Any, inspector: Inspector) -> tuple[str, str] | None:
    """Return the ids of fixed and moving where there is little doubt: just two volumes to choose from.

    The MR is the fixed one when the other is something else. Results of a fusion are not candidates.
    """
    nodes = [scene.GetNthNodeByClass(n, _CLASS) for n in range(scene.GetNumberOfNodesByClass(_CLASS))]
    ids = [n.GetID() for n in nodes if n.GetClassName() == _CLASS and n.GetAttribute(f"{PREFIX}Use") is None]
    if len(ids) != 2 or any(inspector.facts(node_id, "fixed").problem for node_id in ids):
        return None
    first, second = ids
    kinds = [inspector.facts(node_id, "fixed").modality for node_id in ids]
    return (second, first) if kinds[1] == "mr" != kinds[0] else (first, second)


def describe(facts: Facts) -> str:
    """Size, spacing and orientation of a volume in one line; its problem where it has one."""
    if facts.volume is None:
        return facts.problem or ""
    grid = facts.volume.grid
    text = _("{plane}, {counts} voxels of {spacing}\u00a0mm, field of view {size}\u00a0mm.").format(
        plane=_plane(facts.volume).capitalize(),
        counts=_by(str(n) for n in grid.shape[::-1]),
        spacing=_by(f"{mm:.2f}" for mm in grid.spacing),
        size=_by(f"{mm:.0f}" for mm in extent_mm(grid)),
    )
    return f"{text} {facts.note}" if facts.note else text


def _by(numbers: Iterable[str]) -> str:
    """Join by a sign that no line breaks at."""
    return "\u00a0×\u00a0".join(numbers)


def _compare(fixed: Facts, moving: Facts, start: NDArray[np.float64] | None) -> PairFacts:
    first, second = fixed.volume, moving.volume
    if first is None or second is None:
        return PairFacts()
    placed = second if start is None else second.moved_back(start)
    problem = _refusal(lambda: check_place(first, placed))
    centered = _refusal(lambda: check_place(first, centered_on(first, placed))) if problem else None
    line = _relation(first, placed)
    if start is not None:
        line = _("At the start: {line}").format(line=line)
    return PairFacts(problem, line, centered)


def _relation(fixed: Volume, moving: Volume) -> str:
    place = overlap(fixed, moving)
    if not place.any:
        return _("They do not overlap: {gap:.0f} mm lie between them.").format(gap=place.gap_mm)
    apart = np.linalg.norm(center_ras(fixed) - center_ras(moving))
    return _(
        "They share {fixed:.0%} of the fixed and {moving:.0%} of the moving volume; "
        "their centres are {apart:.0f} mm apart."
    ).format(fixed=place.fixed_fraction, moving=place.moving_fraction, apart=apart)


def _inspect(node: Any, role: str) -> Facts:
    try:
        volume = view_volume(node, role)
    except BSAFusionError as error:
        return Facts(error.message)
    return Facts(None, volume, guess_modality(volume), transform_note(node))


def _changed(node: Any) -> object:
    """A value that differs after every change of a node's voxels, place, name or parent transforms."""
    image, parent = node.GetImageData(), node.GetParentTransformNode()
    return (
        node.GetName(),
        image.GetMTime() if image is not None else None,
        ijk_to_world(node).tobytes(),
        (parent.GetID(), parent.GetTransformToWorldMTime()) if parent is not None else None,
    )


def _refusal(check: Callable[[], object]) -> str | None:
    try:
        check()
    except BSAFusionError as error:
        return error.message
    return None


def _plane(volume: Volume) -> str:
    """The plane of the slices: along the index axis with the largest spacing, k when they are equal."""
    spacing = volume.spacing.round(3)
    axis = 2 if spacing[2] == spacing.max() else int(spacing.argmax())
    normal = np.abs(volume.direction[:, axis])
    name = _PLANES[int(normal.argmax())]
    return name if normal.max() > _OBLIQUE else f"oblique {name}"
