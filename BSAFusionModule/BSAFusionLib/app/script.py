"""A fusion from a script: starts, waits, and returns nodes or raises."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..engine.config import FusionConfig
from ..engine.errors import InputError
from ..scene.carry import CarryRequest, carry
from ..scene.outputs import Outputs
from ..scene.reference_nodes import ReferenceNodes
from ..scene.start_nodes import StartNodes
from .controller import FusionController
from .dependencies import Installer
from .inspection import Inspector
from .local_process import LocalProcess
from .request import FusionRequest
from .scheduler import Loop
from .view import Outcome, State
from .worker_client import WorkerClient
from .worker_command import worker_command, worker_environment

Progress = Callable[[str, float | None], None]


@dataclass(frozen=True)
class ResultNodes:
    """The nodes that a fusion has made or updated; None for what was switched off or not made.

    verdict: good, check or "do not use"; with the last, only quality is made, unless the option insist is
    True. reasons: why. warnings: what else should be looked at.
    """

    fused: Any = None
    color: Any = None
    aligned: Any = None
    transform: Any = None
    quality: Any = None
    slices: Any = None
    inverse: Any = None
    confidence: Any = None
    verdict: str = ""
    reasons: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def fuse_nodes(
    scene: Any,
    fixed: Any,
    moving: Any,
    installer: Installer,
    outputs: Outputs | None = None,
    options: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
) -> ResultNodes:
    """Fuse two vtkMRMLScalarVolumeNodes of a scene; blocks until the results are in the scene.

    outputs: where they go, new nodes by default. options: any of FusionConfig's, for example
    {"modality": "pet", "init": "affine"}, and nodes: landmarks, segmentations, two of each, fixed and moving,
    to measure with; start, a linear transform, or fixed and moving points, to begin at.
    progress: called as progress(text, fraction or None).
    Raises BSAFusionError, with the scene as it was.
    """
    request = _request(fixed, moving, outputs or Outputs(), dict(options or {}))
    problem = request.problem(scene, Inspector(scene))
    if problem:
        raise InputError(problem)
    view = _ScriptView(progress)
    loop = Loop()
    worker = WorkerClient(lambda: LocalProcess(loop), worker_command(), worker_environment())
    controller = FusionController(scene, view, worker, installer, loop)
    try:
        controller.start(request)
        loop.run_until(lambda: not controller.state.is_busy)
    finally:
        controller.close()
    return view.nodes(scene)


def _request(fixed: Any, moving: Any, outputs: Outputs, options: dict[str, Any]) -> FusionRequest:
    begin = options.pop("start", None)
    start = (
        StartNodes("", *_pair("start", begin))
        if isinstance(begin, (list, tuple))
        else StartNodes("" if begin is None else begin.GetID())
    )
    points, outlines = (
        _pair(name, options.pop(name)) if options.get(name) else ("", "")
        for name in ("landmarks", "segmentations")
    )
    reference = ReferenceNodes(*points, *outlines)
    return FusionRequest(fixed.GetID(), moving.GetID(), FusionConfig(**options), outputs, reference, start)


def _pair(name: str, nodes: Sequence[Any]) -> tuple[str, str]:
    if len(nodes) != 2:
        raise InputError(f"{name} are {len(nodes)} nodes: give two, of the fixed and of the moving volume.")
    return nodes[0].GetID(), nodes[1].GetID()


def apply_to_nodes(
    scene: Any,
    transform: Any,
    nodes: Sequence[Any],
    inverse: bool = False,
    interpolation: str = "linear",
    reference: Any = None,
) -> list[Any]:
    """Copy volumes, segmentations, markups and models into the fixed space, or with inverse back.

    transform: as a fusion makes it. interpolation: linear, sinc or nearest, for volumes. reference: volume
    whose grid volumes and segmentations get; by default the one the transform leads to.
    Returns the copies, in the order of nodes. Raises BSAFusionError, with the scene as it was.
    """
    wish = CarryRequest(
        transform.GetID(),
        tuple(node.GetID() for node in nodes),
        inverse,
        interpolation,
        "" if reference is None else reference.GetID(),
    )
    return [scene.GetNodeByID(node_id) for node_id in carry(scene, wish)]


class _ScriptView:
    """Keeps the outcome."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._outcome = Outcome("")

    def show_state(self, state: State) -> None:
        """Nobody looks."""

    def show_progress(self, text: str, fraction: float | None) -> None:
        if self._progress is not None:
            self._progress(text, fraction)

    def show_log(self, text: str) -> None:
        """Nobody reads it."""

    def show_outcome(self, outcome: Outcome) -> None:
        self._outcome = outcome

    def nodes(self, scene: Any) -> ResultNodes:
        """Return the result's nodes, or raise what went wrong."""
        if self._outcome.error is not None:
            raise self._outcome.error
        made = {role: node_id for role, node_id in vars(self._outcome.published).items() if node_id}
        return ResultNodes(
            **{role: scene.GetNodeByID(node_id) for role, node_id in made.items()},
            verdict=self._outcome.tone.value,
            reasons=self._outcome.reasons,
            warnings=self._outcome.warnings,
        )
