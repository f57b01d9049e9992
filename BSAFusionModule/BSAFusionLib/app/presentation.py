"""What the panel says and allows, decided from the request, the volumes and the state of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .i18n import tr as _
from .inspection import Facts, Inspector, describe
from .request import Begin, FusionRequest
from .view import State


@dataclass(frozen=True)
class Presentation:
    """Texts and switches of the panel.

    button, button_enabled: the one button; reason: why it is disabled, empty when it is not.
    fixed, moving, pair, device: one line each. editable: whether the settings may be changed.
    """

    button: str
    button_enabled: bool
    reason: str
    fixed: str
    moving: str
    pair: str
    device: str
    editable: bool


def present(
    scene: Any, inspector: Inspector, request: FusionRequest, state: State, devices: Mapping[str, str]
) -> Presentation:
    """Decide what the panel shows now; devices: what the worker has found, empty before it was started."""
    fixed = _facts(inspector, request.fixed_id, "fixed")
    moving = _facts(inspector, request.moving_id, "moving")
    begin = request.begin(scene)
    reason = "" if state.is_busy else request.problem(scene, inspector, begin) or ""
    return Presentation(
        button=_("Cancel") if state.is_busy else _("Fuse"),
        button_enabled=state is State.RUNNING if state.is_busy else not reason,
        reason=reason,
        fixed=_line(fixed, request.config.fixed_modality),
        moving=_line(moving, request.config.modality),
        pair=_pair_line(inspector, request, begin) if fixed and moving else "",
        device=_device_line(request.config.device, devices),
        editable=not state.is_busy,
    )


def _facts(inspector: Inspector, node_id: str, role: str) -> Facts | None:
    return inspector.facts(node_id, role) if node_id else None


def _pair_line(inspector: Inspector, request: FusionRequest, begin: Begin) -> str:
    return inspector.pair(request.fixed_id, request.moving_id, begin.matrix).line


def _device_line(chosen: str, devices: Mapping[str, str]) -> str:
    if not devices:
        return _("Its free memory is known after the first run.")
    if chosen == "auto":
        return _("Now: {device}.").format(device=next(iter(devices.values())))
    if chosen in devices:
        return f"{devices[chosen]}."
    return _("Not available here: choose {devices}.").format(devices=_(" or ").join(devices))


def _line(facts: Facts | None, modality: str) -> str:
    if facts is None:
        return ""
    if modality != "auto" or facts.volume is None:
        return describe(facts)
    return _("Taken as {modality}. {facts}").format(modality=facts.modality.upper(), facts=describe(facts))
