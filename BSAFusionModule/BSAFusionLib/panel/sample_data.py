"""The phantom pair in Slicer's Sample Data module, made on the spot."""

from __future__ import annotations

from typing import Any

import slicer

from ..engine.model_store import resource_path
from ..engine.phantom import head_pair
from ..scene.add_volume import add_volume


def register() -> None:
    """Add "Phantom MR and CT" to the category BSAFusion of the Sample Data module."""
    import SampleData

    SampleData.SampleDataLogic.registerCustomSampleDataSource(
        category="BSAFusion",
        sampleName="Phantom MR and CT",
        nodeNames="Phantom MR and CT",
        uris="",
        fileNames="",
        customDownloader=load,
        thumbnailFileName=str(resource_path("Icons/BSAFusionPhantom.png")),
    )


def load(_source: Any = None) -> list[Any]:
    """Add the pair, an MR and a CT of one head that are 10 mm apart on average, to the scene."""
    pair = head_pair()
    mr, ct = (add_volume(slicer.mrmlScene, volume) for volume in (pair.fixed, pair.moving))
    ct.GetDisplayNode().SetAutoWindowLevel(False)
    ct.GetDisplayNode().SetWindowLevel(120, 40)
    return [mr, ct]
