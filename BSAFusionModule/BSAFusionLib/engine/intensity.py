"""From scanner values to the [0, 1] in which the network was taught.

The network has learnt CT from atlas pictures of the head in which the skull is white, fat and air are black
and the brain lies at 105 of 255 (median of ten patients): 33 HU in a window from 0 to 80 HU. This is why the
automatic window of a head CT is the brain window. In that window the noise of a body CT would be all one
sees, so a CT without a skull gets the soft-tissue window.
"""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from .errors import InputError
from .volume import Volume

CT_WINDOWS = {"brain": (0.0, 80.0), "soft-tissue": (-160.0, 240.0), "bone": (-500.0, 1300.0)}
SUV_WINDOW = (0.0, 10.0)
AIR_HU = -1000.0

_WORDS = {
    "ct": {"ct", "cbct", "cect", "ncct"},
    "mr": {"mr", "mri", "t1", "t1w", "t2", "t2w", "flair", "mprage", "pd", "dwi", "swi"},
    "pet": {"pet", "fdg", "suv", "pt"},
    "spect": {"spect", "nm", "hmpao", "datscan"},
}
_AIR_SHARE = 0.08
_SKULL_SHARE = 0.1  # bone in all that is not air: 0.15 to 0.29 in parts of a head, 0.01 to 0.09 in 18 limbs
_SAMPLES = 1 << 20


def guess_modality(volume: Volume) -> str:
    """Say what a volume most likely is: ct, mr, pet or spect.

    Hounsfield values decide first, then words in the name, then sparsity, range and resolution. Values cannot
    tell SPECT from PET.
    """
    values = _sample(volume)
    if _looks_like_hounsfield(values):
        return "ct"
    words = set(re.split(r"[^a-z0-9]+", volume.name.lower()))
    for modality, known in _WORDS.items():
        if words & known:
            return modality
    low, top = np.percentile(values, (0.1, 99.9))
    sparse = values.mean() - low < 0.15 * (top - low)
    coarse = volume.spacing.min() > 1.9
    return "pet" if int(sparse) + int(coarse) + int(_looks_like_suv(values)) >= 2 else "mr"


def resolve_window(volume: Volume, modality: str, window: str = "auto") -> tuple[float, float]:
    """Return the values that become 0 and 1.

    modality: mr, ct, pet or spect. window: one of config.WINDOWS; auto is brain for CT of the head, else
    soft-tissue; percentile for MR; suv for PET in SUV; else percent-of-maximum.
    Raises InputError for a window that makes no sense for the modality, or when no contrast is left.
    """
    values = _sample(volume)
    name = _automatic(values, modality) if window == "auto" else window
    if (name in CT_WINDOWS and modality != "ct") or (name == "suv" and modality != "pet"):
        kind = "PET" if name == "suv" else "CT"
        raise InputError(
            f"The window '{name}' is for {kind}, but '{volume.name}' is taken for {modality}: "
            "choose another window or modality."
        )
    low, high = _limits(values, modality, name)
    if not high > low:
        raise InputError(
            f"The volume '{volume.name}' has no contrast in the window '{name}': choose another window."
        )
    return low, high


def to_unit(volume: Volume, modality: str, window: str = "auto") -> NDArray[np.float32]:
    """Map a volume's values to [0, 1], float32, (K, J, I); what lies below the window is exactly 0."""
    return apply_window(volume.array, resolve_window(volume, modality, window))


def apply_window(array: NDArray[np.float32], limits: tuple[float, float]) -> NDArray[np.float32]:
    """Map values from limits to [0, 1], clipped; any shape, float32."""
    low, high = limits
    scaled = (array - np.float32(low)) / np.float32(high - low)
    return np.clip(scaled, 0, 1, out=scaled)


def _sample(volume: Volume) -> NDArray[np.float32]:
    """About a million voxels, evenly spread."""
    flat = volume.array.ravel()
    return flat[:: max(1, flat.size // _SAMPLES)]


def _automatic(values: NDArray[np.float32], modality: str) -> str:
    if modality == "ct":
        return "brain" if _has_skull(values) else "soft-tissue"
    if modality == "pet" and _looks_like_suv(values):
        return "suv"
    return "percentile" if modality == "mr" else "percent-of-maximum"


def _limits(values: NDArray[np.float32], modality: str, name: str) -> tuple[float, float]:
    if name in CT_WINDOWS:
        return CT_WINDOWS[name]
    if name == "suv":
        return SUV_WINDOW
    if name == "percent-of-maximum":
        return 0.0, float(np.percentile(values, 99.95))
    if name == "full":
        # Padding outside the scanner's circle often lies far below air.
        low = max(float(values.min()), AIR_HU) if modality == "ct" else float(values.min())
        return low, float(values.max())
    return _percentile_limits(values)


def _percentile_limits(values: NDArray[np.float32]) -> tuple[float, float]:
    """0.5 and 99.5 percent of the voxels that are not air."""
    air, top = np.percentile(values, (1, 99.5))
    tissue = values[values > air + _AIR_SHARE * (top - air)]
    if tissue.size == 0:
        return float(values.min()), float(values.max())
    low, high = np.percentile(tissue, (0.5, 99.5))
    return float(low), float(high)


def _looks_like_hounsfield(values: NDArray[np.float32]) -> bool:
    soft_tissue = float(np.mean((values > -200) & (values < 200)))
    air = float(np.mean(values <= -500))
    return air > 0.005 and soft_tissue > 0.05


def _has_skull(values: NDArray[np.float32]) -> bool:
    return bool(np.count_nonzero(values > 250) > _SKULL_SHARE * np.count_nonzero(values > -150))


def _looks_like_suv(values: NDArray[np.float32]) -> bool:
    low, top = np.percentile(values, (0.1, 99.9))
    return bool(low > -0.5 and 1.5 <= top <= 50 and np.any(values != np.round(values)))
