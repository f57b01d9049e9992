"""How libraries are installed in the Slicers that there are."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest


@pytest.fixture
def installed(application: Any, monkeypatch: pytest.MonkeyPatch) -> list[Any]:  # noqa: ARG001
    """Every call that would change the environment."""
    import slicer

    calls: list[Any] = []
    monkeypatch.setattr(slicer.util, "pip_install", lambda wanted: calls.append(("pip_install", wanted)))
    monkeypatch.setattr(slicer.util, "pip_uninstall", lambda name: calls.append(("pip_uninstall", name)))
    return calls


def new_installer() -> Any:
    from BSAFusionLib.panel.installer import SlicerInstaller

    return SlicerInstaller()


def test_slicer_5_10_installs_with_pip(installed: list[Any]) -> None:
    new_installer().install("torch", repair=False)
    assert installed == [("pip_install", "torch>=2.5,<3")]


def test_a_broken_library_is_removed_first(installed: list[Any]) -> None:
    new_installer().install("SimpleITK", repair=True)
    assert installed == [("pip_uninstall", "SimpleITK"), ("pip_install", "SimpleITK")]


def test_a_broken_library_that_cannot_be_removed_is_overwritten(
    installed: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    import slicer

    def refuse(name: str) -> None:
        raise RuntimeError(f"no RECORD file was found for {name}")

    monkeypatch.setattr(slicer.util, "pip_uninstall", refuse)
    new_installer().install("SimpleITK", repair=True)
    assert installed == [
        ("pip_install", ["--ignore-installed", "--no-deps", "SimpleITK"]),
        ("pip_install", "SimpleITK"),
    ]


def test_slicer_5_12_installs_with_its_packaging(
    installed: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    packaging = ModuleType("slicer.packaging")
    packaging.pip_ensure = lambda wanted, **options: installed.append((wanted, options))  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "slicer.packaging", packaging)
    new_installer().install("torch", repair=False)
    assert installed == [(["torch>=2.5,<3"], {"requester": "BSAFusion", "prompt_install": False})]


@pytest.mark.parametrize("answer", ["torch", None])
def test_the_pytorch_extension_comes_first(
    installed: list[Any], monkeypatch: pytest.MonkeyPatch, answer: str | None
) -> None:
    import slicer

    def install_torch(**options: Any) -> str | None:
        installed.append(options)
        return answer

    extension = ModuleType("PyTorchUtils")
    extension.PyTorchUtilsLogic = lambda: SimpleNamespace(installTorch=install_torch)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "PyTorchUtils", extension)
    monkeypatch.setattr(slicer.modules, "pytorchutils", object(), raising=False)
    if answer is None:
        with pytest.raises(RuntimeError, match="did not install"):
            new_installer().install("torch", repair=False)
    else:
        new_installer().install("torch", repair=False)
    assert installed == [{"askConfirmation": False, "torchVersionRequirement": ">=2.5,<3"}]
