"""Networks whose answer is made up, and published all the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from BSAFusionLib.engine.elastic_evidence import Evidence
from BSAFusionLib.engine.slice_gate import InSlices
from BSAFusionLib.engine.slices import SquarePixels
from BSAFusionLib.engine.source import Pulled
from numpy.typing import NDArray

Stack = NDArray[np.float32]


@contextmanager
def everything_confirmed() -> Iterator[None]:
    """Whatever a network finds is kept, as if intensities confirmed it."""

    def keep(square: SquarePixels, _fixed: Stack, _seen: Pulled, found: Stack, _searched: bool) -> InSlices:
        return InSlices(found, square.pixel, 1.0, 1.0, Evidence(1.0, 10.0))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("BSAFusionLib.engine.registration.keep_confirmed", keep)
        yield
