"""Prepares .venv: pinned packages, torch as a CPU build where no NVIDIA GPU is, and this project, editable.

Needs Python 3.11 or newer and the network, nothing else: python3 BSAFusionExtension/setup_environment.py
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENT = ROOT / ".venv"
PROGRAMS = ENVIRONMENT / ("Scripts" if os.name == "nt" else "bin")
CONSTRAINTS = ROOT / "BSAFusionExtension" / "constraints.txt"
STAMP = ENVIRONMENT / ".ready"
"""Newer than the files it depends on: nothing to do. The Makefile compares them."""


def main() -> None:
    """Make or update the environment; leaves no stamp when a step fails."""
    if sys.version_info < (3, 11):  # noqa: UP036 (any Python may be the one that starts this file)
        sys.exit(f"Python 3.11 or newer is needed, this is {platform.python_version()}.")
    STAMP.unlink(missing_ok=True)
    if not has_pip():
        venv.create(ENVIRONMENT, with_pip=True, clear=True)
    pip("setuptools")
    install_torch()
    pip("--no-build-isolation", "--editable", f"{ROOT}[dev]")
    STAMP.touch()


def has_pip() -> bool:
    """True where an earlier run came at least as far as an environment that can install."""
    python = PROGRAMS / "python"
    return (
        python.exists()
        and subprocess.run([python, "-m", "pip", "--version"], capture_output=True).returncode == 0
    )


def install_torch() -> None:
    """The pinned torch; on Linux without an NVIDIA GPU never the CUDA build, which takes several GB."""
    pinned = pinned_version("torch")
    if platform.system() != "Linux":
        pip(pinned)
    elif has_nvidia_gpu() or not try_pip(f"{pinned}+cpu"):
        # uv knows PyTorch's own indexes, and picks the CPU build or the CUDA build that fits the driver.
        pip("uv")
        uv = [PROGRAMS / "uv", "pip", "install", "--python", PROGRAMS / "python", "--torch-backend=auto"]
        subprocess.run([*uv, "--constraint", CONSTRAINTS, pinned], check=True)


def pinned_version(package: str) -> str:
    """The line of the constraints file for this package, such as numpy==2.4.6."""
    lines = CONSTRAINTS.read_text(encoding="utf-8").splitlines()
    return next(line for line in lines if line.startswith(f"{package}=="))


def has_nvidia_gpu() -> bool:
    """True where the NVIDIA driver answers."""
    tool = shutil.which("nvidia-smi")
    return tool is not None and subprocess.run([tool, "--list-gpus"], capture_output=True).returncode == 0


def pip(*arguments: str) -> None:
    """Install with pip in the environment, within the constraints."""
    subprocess.run(pip_command(*arguments), check=True)


def try_pip(requirement: str) -> bool:
    """Install if the configured package indexes offer it; quiet when they do not."""
    return subprocess.run(pip_command(requirement), capture_output=True).returncode == 0


def pip_command(*arguments: str) -> list[str]:
    """The command line of pip install."""
    python = str(PROGRAMS / "python")
    options = ["--quiet", "--disable-pip-version-check", "--constraint", str(CONSTRAINTS)]
    return [python, "-m", "pip", "install", *options, *arguments]


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(f"Setting up .venv stopped: '{error.cmd[0]}' failed with status {error.returncode}.")
