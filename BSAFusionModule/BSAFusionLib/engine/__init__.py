"""Volumes in, volumes out; knows nothing of Slicer."""

from .config import FusionConfig
from .result import FusionResult, SliceFusion
from .volume import Grid, Volume

__all__ = ["FusionConfig", "FusionResult", "Grid", "SliceFusion", "Volume"]
