"""What the user has asked for, and whether it can be done."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..engine.config import FusionConfig
from ..engine.errors import BSAFusionError
from ..scene.outputs import OFF, Outputs, check_destinations
from ..scene.reference_nodes import ReferenceNodes
from ..scene.start_nodes import StartNodes
from .i18n import tr as _
from .inspection import Inspector, PairFacts


@dataclass(frozen=True, eq=False)
class Begin:
    """Where the initial alignment begins, 4 x 4, RAS mm, fixed to moving points; None as the volumes lie.

    problem: why it cannot begin where it was asked to; None where it can.
    """

    matrix: NDArray[np.float64] | None
    problem: str | None = None


@dataclass(frozen=True)
class FusionRequest:
    """Two volumes by node id, empty where none is chosen; options; where results go.

    reference: what to measure with. start: where the initial alignment begins.
    """

    fixed_id: str
    moving_id: str
    config: FusionConfig = field(default_factory=FusionConfig)
    outputs: Outputs = field(default_factory=Outputs)
    reference: ReferenceNodes = field(default_factory=ReferenceNodes)
    start: StartNodes = field(default_factory=StartNodes)

    def problem(self, scene: Any, inspector: Inspector, begin: Begin | None = None) -> str | None:
        """Return one sentence that says why this cannot be run, or None; begin: found before, if it was."""
        return (
            self._input_problem(inspector, begin or self.begin(scene))
            or self._option_problem(inspector)
            or self.reference.problem(scene)
            or self._output_problem(scene)
        )

    def complete_config(self, scene: Any) -> FusionConfig:
        """The options with the start as its nodes are now; InputError says why it cannot be used."""
        return self.start.applied(scene, self.config, self.moving_id)

    def begin(self, scene: Any) -> Begin:
        """Find where the initial alignment begins, as the nodes are now."""
        try:
            return Begin(self.complete_config(scene).start)
        except BSAFusionError as error:
            return Begin(None, error.message)

    def _input_problem(self, inspector: Inspector, begin: Begin) -> str | None:
        if not self.fixed_id:
            return _("Choose the fixed volume.")
        if not self.moving_id:
            return _("Choose the moving volume.")
        if self.fixed_id == self.moving_id:
            return _("The fixed and the moving volume are the same: choose two different ones.")
        return (
            inspector.facts(self.fixed_id, "fixed").problem
            or inspector.facts(self.moving_id, "moving").problem
            or begin.problem
            or self._pair_problem(inspector.pair(self.fixed_id, self.moving_id, begin.matrix))
        )

    def _pair_problem(self, pair: PairFacts) -> str | None:
        return pair.centered if self.config.init == "center" else pair.problem

    def _option_problem(self, inspector: Inspector) -> str | None:
        config = self.config
        return inspector.window_problem(
            self.fixed_id, "fixed", config.fixed_modality, config.fixed_window
        ) or inspector.window_problem(self.moving_id, "moving", config.modality, config.window)

    def _output_problem(self, scene: Any) -> str | None:
        asked = {"inverse": self.config.inverse, "confidence": self.config.confidence}
        wanted = [value for role, value in vars(self.outputs).items() if asked.get(role, True)]
        if all(value == OFF for value in wanted):
            return _("All outputs are switched off: switch on at least one.")
        try:
            check_destinations(
                scene, self.outputs, [scene.GetNodeByID(self.fixed_id), scene.GetNodeByID(self.moving_id)]
            )
        except BSAFusionError as error:
            return error.message
        return None
