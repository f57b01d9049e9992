"""Networks whose answer is made up, and published all the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from BSAFusionLib.engine.elastic_evidence import Evidence
from BSAFusionLib.engine.slice_gate import InSlices
from BSAFusionLib.engine.slice_steps import SquareView
from numpy.typing import NDArray


@contextmanager
def everything_confirmed() -> Iterator[None]:
    """Whatever a network finds is kept, as if intensities confirmed it."""

    def keep(view: SquareView, _seen: object, found: NDArray[np.float32], **_: bool) -> InSlices:
        return InSlices(found, view.square.pixel, 1.0, 1.0, Evidence(1.0, 10.0))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("BSAFusionLib.engine.registration.keep_confirmed", keep)
        yield
