"""Whether this machine can fuse: libraries, device, model, and a run on the built-in phantom."""

from __future__ import annotations

import importlib
import importlib.util
import platform
import time
from typing import Any

from .result import Progress

LIBRARIES = ("numpy", "SimpleITK", "torch")


def probe_libraries() -> dict[str, Any]:
    """Import what a run needs.

    Returns {"versions": {name: text}, "missing": [name], "broken": {name: why}, "devices": {id: text}}, ready
    for JSON; devices only when nothing is lacking.
    """
    versions: dict[str, str] = {}
    missing: list[str] = []
    broken: dict[str, str] = {}
    for name in LIBRARIES:
        if importlib.util.find_spec(name) is None:
            missing.append(name)
            continue
        try:
            versions[name] = importlib.import_module(name).__version__
        except Exception as error:  # a half install fails in any way: missing files, missing symbols
            broken[name] = f"{type(error).__name__}: {error}"
    devices = {} if missing or broken else _devices()
    return {"versions": versions, "missing": missing, "broken": broken, "devices": devices}


def _devices() -> dict[str, str]:
    from .devices import describe_devices

    return describe_devices()


def check_everything(progress: Progress) -> dict[str, Any]:
    """Fuse the built-in phantom; versions, devices, network, landmark errors in mm, ready for JSON.

    Raises what `fuse` raises, and ImportError where a library is missing.
    """
    from .network import load_network
    from .phantom import head_pair
    from .pipeline import fuse

    pair = head_pair(size=96, slices=20)
    network = load_network()
    began = time.monotonic()
    result = fuse(pair.fixed, pair.moving, model=network, progress=progress)
    seconds = time.monotonic() - began
    before, after = pair.landmark_errors(result)
    return {
        **probe_libraries(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "model": f"{network.id} {network.version}",
        "sha256": network.hash,
        "error_before_mm": before,
        "error_after_mm": after,
        "seconds": seconds,
    }
