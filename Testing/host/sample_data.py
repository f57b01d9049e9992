"""`SampleData`: what a module registers its sample data with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import slicer


@dataclass(frozen=True)
class SampleDataSource:
    sampleName: str
    uris: Any
    fileNames: Any
    nodeNames: Any
    customDownloader: Callable[[Any], Any] | None
    thumbnailFileName: str | None


class SampleDataLogic:
    @staticmethod
    def registerCustomSampleDataSource(
        category: str = "Custom",
        sampleName: str | None = None,
        uris: Any = None,
        fileNames: Any = None,
        nodeNames: Any = None,
        customDownloader: Callable[[Any], Any] | None = None,
        thumbnailFileName: str | None = None,
    ) -> None:
        if not all(isinstance(field, str) for field in (uris, fileNames, nodeNames)):
            raise TypeError("uris, fileNames and nodeNames must all be given, one text each")
        source = SampleDataSource(
            sampleName or "", uris, fileNames, nodeNames, customDownloader, thumbnailFileName
        )
        if not hasattr(slicer.modules, "sampleDataSources"):
            slicer.modules.sampleDataSources = {}
        sources = slicer.modules.sampleDataSources.setdefault(category, [])
        if source not in sources:
            sources.append(source)
