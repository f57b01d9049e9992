"""How a fused slice is judged: Qabf, SSIM, VIF, SCD and NCC, in plain numpy.

Every function takes (H, W) float arrays with values in [0, 1], H and W at least 32 (ncc: any shape), and
gives a Python float.
No single number can be trusted: dropping one source altogether can raise Qabf and VIF.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .errors import InputError

Image = NDArray[np.floating]

_TINY = 1e-10
_QABF_STRENGTH = (0.9994, -15.0, 0.5)
_QABF_ANGLE = (0.9879, -22.0, 0.8)
_SSIM_SIGMA, _SSIM_RADIUS = 1.5, 5
_VIF_NOISE = 2.0 / 255.0**2


def ncc(x: Image, y: Image) -> float:
    """Pearson correlation of two arrays of one shape, any shape, in [-1, 1]; 0 where one is constant."""
    if x.shape != y.shape:
        raise InputError(f"Arrays of shapes {x.shape} and {y.shape} cannot be compared: give both one shape.")
    a, b = x - np.mean(x, dtype=np.float64), y - np.mean(y, dtype=np.float64)
    norm = float(np.sqrt(np.sum(a * a) * np.sum(b * b)))
    return float(np.sum(a * b)) / norm if norm > _TINY else 0.0


def scd(a: Image, b: Image, fused: Image) -> float:
    """Sum of the correlations of differences (Aslantas and Bendes 2015), in [-2, 2]."""
    return ncc(fused - b, a) + ncc(fused - a, b)


def ssim(x: Image, y: Image) -> float:
    """Mean structural similarity (Wang et al. 2004), 11 x 11 Gaussian window of 1.5 px, in [-1, 1]."""
    _check(x, y)
    moments = _local_moments(x.astype(np.float64), y.astype(np.float64), _SSIM_SIGMA, _SSIM_RADIUS)
    mean_x, mean_y, var_x, var_y, covariance = moments
    c1, c2 = 0.01**2, 0.03**2
    luminance = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
    structure = (2 * covariance + c2) / (var_x + var_y + c2)
    return float(np.mean(luminance * structure))


def ssim_fusion(a: Image, b: Image, fused: Image) -> float:
    """Mean of the structural similarities of the fused image to its two sources."""
    return (ssim(a, fused) + ssim(b, fused)) / 2


def qabf(a: Image, b: Image, fused: Image) -> float:
    """How much of the sources' edges the fused image keeps (Xydeas and Petrovic 2000), in [0, 1]."""
    _check(a, b)
    _check(a, fused)
    strength_f, angle_f = _edges(fused)
    kept, total = 0.0, 0.0
    for source in (a, b):
        strength, angle = _edges(source)
        kept += float(np.sum(_edge_preservation(strength, angle, strength_f, angle_f) * strength))
        total += float(np.sum(strength))
    return kept / total if total > _TINY else 0.0


def vif(reference: Image, distorted: Image) -> float:
    """Visual information fidelity (Sheikh and Bovik 2006), pixel domain, four scales; 1 for equal images."""
    _check(reference, distorted)
    x, y = reference.astype(np.float64), distorted.astype(np.float64)
    kept, total = 0.0, 0.0
    for scale in range(4):
        radius = 2 ** (3 - scale)
        sigma = (2 * radius + 1) / 5
        if scale > 0:
            x, y = (_blur(image, sigma, radius)[::2, ::2] for image in (x, y))
        scale_kept, scale_total = _information(x, y, sigma, radius)
        kept += scale_kept
        total += scale_total
    return kept / total if total > _TINY else 1.0


def vif_fusion(a: Image, b: Image, fused: Image) -> float:
    """Mean of the visual information fidelities of the fused image to its two sources."""
    return (vif(a, fused) + vif(b, fused)) / 2


def _check(x: Image, y: Image) -> None:
    if x.ndim != 2 or x.shape != y.shape or min(x.shape) < 32:
        raise InputError(
            f"Images of shapes {x.shape} and {y.shape} cannot be compared: both must be (H, W), from 32 up."
        )


def _blur(image: NDArray[np.float64], sigma: float, radius: int) -> NDArray[np.float64]:
    """Gaussian of 2 radius + 1 taps along both axes, only where it fits inside the image."""
    offsets = np.arange(-radius, radius + 1)
    taps = np.exp(-0.5 * (offsets / sigma) ** 2)
    taps /= taps.sum()
    height, width = image.shape[0] - 2 * radius, image.shape[1] - 2 * radius
    rows = sum(tap * image[n : n + height] for n, tap in enumerate(taps))
    return np.asarray(sum(tap * rows[:, n : n + width] for n, tap in enumerate(taps)))


def _local_moments(
    x: NDArray[np.float64], y: NDArray[np.float64], sigma: float, radius: int
) -> tuple[NDArray[np.float64], ...]:
    """Gaussian-weighted means, variances (never negative) and covariance around every pixel."""
    mean_x, mean_y = _blur(x, sigma, radius), _blur(y, sigma, radius)
    var_x = np.maximum(_blur(x * x, sigma, radius) - mean_x**2, 0)
    var_y = np.maximum(_blur(y * y, sigma, radius) - mean_y**2, 0)
    return mean_x, mean_y, var_x, var_y, _blur(x * y, sigma, radius) - mean_x * mean_y


def _information(
    x: NDArray[np.float64], y: NDArray[np.float64], sigma: float, radius: int
) -> tuple[float, float]:
    """Information that y keeps of x at one scale, and what x holds."""
    _, _, var_x, var_y, covariance = _local_moments(x, y, sigma, radius)
    flat = var_x < _TINY
    gain = np.where(flat, 0, covariance / np.where(flat, 1, var_x))
    # A negative gain carries no information: all of y is then noise.
    noise = np.where(gain > 0, var_y - gain * covariance, var_y)
    gain = np.maximum(gain, 0)
    noise = np.maximum(noise, _TINY)
    kept = np.log10(1 + gain**2 * var_x / (noise + _VIF_NOISE))
    return float(np.sum(kept)), float(np.sum(np.log10(1 + var_x / _VIF_NOISE)))


def _edges(image: Image) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sobel edge strength, and orientation in [-pi/2, pi/2]."""
    padded = np.pad(image.astype(np.float64), 1, mode="edge")
    across = padded[:, 2:] - padded[:, :-2]
    down = padded[2:] - padded[:-2]
    x = across[:-2] + 2 * across[1:-1] + across[2:]
    y = down[:, :-2] + 2 * down[:, 1:-1] + down[:, 2:]
    angle = np.full(x.shape, np.pi / 2)
    np.arctan(np.divide(y, x, out=angle, where=x != 0), out=angle, where=x != 0)
    return np.hypot(x, y), angle


def _edge_preservation(
    strength: NDArray[np.float64],
    angle: NDArray[np.float64],
    strength_f: NDArray[np.float64],
    angle_f: NDArray[np.float64],
) -> NDArray[np.float64]:
    larger = np.maximum(strength, strength_f)
    ratio = np.divide(np.minimum(strength, strength_f), larger, out=np.zeros_like(larger), where=larger > 0)
    alignment = 1 - np.abs(angle - angle_f) / (np.pi / 2)
    return _sigmoid(ratio, *_QABF_STRENGTH) * _sigmoid(alignment, *_QABF_ANGLE)


def _sigmoid(value: NDArray[np.float64], top: float, slope: float, middle: float) -> NDArray[np.float64]:
    return np.asarray(top / (1 + np.exp(slope * (value - middle))))
