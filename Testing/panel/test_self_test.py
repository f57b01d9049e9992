"""The module's own self-test and self-check, with the real engine in the real worker."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from Testing.engine.networks import Shift, install
from Testing.host import desktop

from .conftest import MODULE


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(Shift(), tmp_path, "still", "1")
    monkeypatch.setenv("BSAFUSION_MODELS", str(tmp_path))


@pytest.mark.usefixtures("scene")
def test_the_self_test_passes() -> None:
    import slicer

    desktop.load_module(MODULE)
    slicer.selfTests["BSAFusion"]()


@pytest.mark.usefixtures("scene")
def test_the_self_check_reports_in_words() -> None:
    with desktop.opened(desktop.load_module(MODULE)) as panel:
        panel.ui.selfCheckButton.click()
        desktop.wait_for(lambda: not panel.panel.controller.state.is_busy)
        report = panel.ui.verdictLabel.text + panel.ui.resultLabel.text
    for part in (
        "Everything works",
        "Python: 3.",
        "torch 2.",
        "processor",
        "still 1, SHA-256",
        "mm off before",
    ):
        assert part in report


def test_sample_data_is_a_pair_made_on_the_spot(application: Any, scene: Any) -> None:
    import slicer

    desktop.load_module(MODULE)
    application.startupCompleted()
    (source,) = slicer.modules.sampleDataSources["BSAFusion"]
    nodes = source.customDownloader(source)
    assert [node.GetName() for node in nodes] == ["Phantom MR", "Phantom CT"]
    assert scene.GetNumberOfNodesByClass("vtkMRMLScalarVolumeNode") == 2
    assert Path(source.thumbnailFileName).is_file()
