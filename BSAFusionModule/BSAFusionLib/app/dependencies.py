"""What must be installed before the first run, judged from what the worker could import."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from ..engine.errors import DependencyError

TORCH_REQUIREMENT = ">=2.5,<3"
_QUESTION = (
    "BSAFusion needs {names}, which {verb}. Install now? PyTorch is about 200 MB to download for a computer "
    "without an NVIDIA graphics card and 2 to 3 GB for one with; this takes 2 to 15 minutes, once."
)


@dataclass(frozen=True)
class Lack:
    """Libraries that are missing, and libraries that are there but do not load, with the reason."""

    missing: list[str] = field(default_factory=list)
    broken: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_probe(cls, answer: Mapping[str, Any]) -> Lack:
        """Read the worker's answer to `probe`."""
        return cls(list(answer["missing"]), dict(answer["broken"]))

    def __bool__(self) -> bool:
        return bool(self.missing or self.broken)

    @property
    def names(self) -> list[str]:
        """All of them."""
        return [*self.missing, *self.broken]

    def question(self) -> str:
        """What the user is asked before anything is installed: what, how large, how long."""
        verb = "is not installed yet" if not self.broken else "is only half installed and will be repaired"
        return _QUESTION.format(names=" and ".join(_title(name) for name in self.names), verb=verb)


class Installer(Protocol):
    """Installs libraries into the Python that the worker uses; called on the main thread."""

    def ask(self, question: str) -> bool:
        """Ask the user; True means yes."""

    def install(self, name: str, repair: bool) -> None:
        """Install one library, replacing what is there when repair is set; raise any exception on failure."""

    def target(self) -> Path:
        """Return the folder that holds the installed libraries."""


def install(lack: Lack, installer: Installer) -> None:
    """Ask, then install what is lacking; raises DependencyError when it is declined or fails."""
    first = _title(lack.names[0])
    if not installer.ask(lack.question()):
        raise DependencyError(f"{first} is needed and was not installed: press Fuse again to install it.")
    for name in lack.names:
        try:
            installer.install(name, repair=name in lack.broken)
        except Exception as error:
            details = f"{type(error).__name__}: {error}"
            raise DependencyError(_by_hand(name, installer.target()), details) from error


def still_lacking(lack: Lack) -> DependencyError:
    """Say that an installation has not helped."""
    reasons = "; ".join(lack.broken.values()) or "it is still not there"
    return DependencyError(
        f"{_title(lack.names[0])} was installed and does not load: restart Slicer and press Fuse again.",
        reasons,
    )


def _by_hand(name: str, target: Path) -> str:
    wanted = requirement(name)
    return (
        f"{_title(name)} could not be installed: check the internet connection and press Fuse again. Without "
        f"one, run 'pip download \"{wanted}\" -d wheels' on a computer of the same kind, copy the folder "
        f"'wheels' here, and run 'PythonSlicer -m pip install --no-index --find-links wheels \"{wanted}\"', "
        f"which puts it into '{target}'."
    )


def requirement(name: str) -> str:
    """The version that is asked for, as pip writes it."""
    return f"torch{TORCH_REQUIREMENT}" if name == "torch" else name


def _title(name: str) -> str:
    return "PyTorch" if name == "torch" else name
