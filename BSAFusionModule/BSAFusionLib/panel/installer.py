"""Installing libraries into Slicer's Python, with what this Slicer offers for it."""

from __future__ import annotations

import sysconfig
from pathlib import Path

import slicer
from slicer.i18n import tr as _

from ..app.dependencies import TORCH_REQUIREMENT, requirement


class SlicerInstaller:
    """PyTorch through the PyTorch extension; the rest, and PyTorch without that extension, with pip."""

    def ask(self, question: str) -> bool:
        """Ask in a dialog; True means yes."""
        return bool(slicer.util.confirmOkCancelDisplay(question, windowTitle=_("Install PyTorch?")))

    def install(self, name: str, repair: bool) -> None:
        """Install one library, replacing what is there when repair is set."""
        if repair:
            _remove(name)
        if name == "torch" and hasattr(slicer.modules, "pytorchutils"):
            _install_with_extension()
        else:
            _pip_install(requirement(name))

    def target(self) -> Path:
        """Return the folder that holds the installed libraries."""
        return Path(sysconfig.get_paths()["purelib"])


def _install_with_extension() -> None:
    """It picks the build that fits the graphics card."""
    import PyTorchUtils

    logic = PyTorchUtils.PyTorchUtilsLogic()
    if logic.installTorch(askConfirmation=False, torchVersionRequirement=TORCH_REQUIREMENT) is None:
        raise RuntimeError("the PyTorch extension did not install it")


def _pip_install(wanted: str) -> None:
    """slicer.packaging came with Slicer 5.12; before, slicer.util installs."""
    try:
        from slicer.packaging import pip_ensure
    except ImportError:
        slicer.util.pip_install(wanted)
    else:
        pip_ensure([wanted], requester="BSAFusion", prompt_install=False)


def _remove(name: str) -> None:
    """Take a broken library away; where pip cannot, for it lacks its own records, lay a whole one over it."""
    try:
        slicer.util.pip_uninstall(name)
    except Exception:
        slicer.util.pip_install(["--ignore-installed", "--no-deps", requirement(name)])
