"""What a user may choose, with the defaults that need no thought."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from .errors import InputError

if TYPE_CHECKING:
    from .start import Matrix, Rows

MODALITIES = ("auto", "mr", "ct", "pet", "spect")
INITIAL_ALIGNMENTS = ("none", "center", "rigid", "affine")
ELASTIC = ("volume", "slices")
SLICE_AXES = ("auto", "axial", "coronal", "sagittal", "i", "j", "k")
DEVICES = ("auto", "cpu", "cuda", "mps")
WINDOWS = ("auto", "brain", "soft-tissue", "bone", "full", "percentile", "suv", "percent-of-maximum")
PET_UNITS = ("auto", "suv", "bqml", "counts", "none")  # of an export as DICOM
INTERPOLATIONS = ("linear", "nearest", "sinc")  # of what a transform is applied to
COLORMAPS = ("auto", "none", "hot", "rainbow", "pet-heat", "spectrum")


@dataclass(frozen=True)
class FusionConfig:
    """The options of one fusion.

    fixed_modality, modality: what the fixed and the moving volume are taken for, one of MODALITIES.
    fixed_window, window: intensity preset of the fixed and the moving volume, one of WINDOWS.
    init: alignment of the whole volume before the network, one of INITIAL_ALIGNMENTS.
    init_transform: where it begins, 4 x 4, RAS mm, from fixed to moving points; init searches near it.
    init_landmarks: the same by landmarks: fixed points and their moving partners, (n, 3) each, RAS mm.
    elastic: what is bent, one of ELASTIC: the volume as a whole and then its slices, or slices alone.
    axis: slices are cut along it, one of SLICE_AXES.
    device: where the network runs, one of DEVICES.
    slice_smoothing_mm: standard deviation of the field's smoothing across slices, mm; 0 switches it off.
    registration_spacing_mm: in-plane pixel size at which the displacement is computed, mm.
    colormap: colours of PET and SPECT in the colour result, one of COLORMAPS.
    batch_size: slices per call of the network; halved on its own when memory runs out.
    inverse: whether the transform from moving to fixed points is made as well.
    confidence: whether the confidence map is made; it costs several more registrations.
    insist: whether a result with the verdict "do not use" is published all the same.
    """

    fixed_modality: str = "auto"
    modality: str = "auto"
    fixed_window: str = "auto"
    window: str = "auto"
    init: str = "rigid"
    init_transform: Rows | None = None
    init_landmarks: tuple[Rows, Rows] | None = None
    elastic: str = "volume"
    axis: str = "auto"
    device: str = "auto"
    slice_smoothing_mm: float = 5.0
    registration_spacing_mm: float = 1.0
    colormap: str = "auto"
    batch_size: int = 8
    inverse: bool = False
    confidence: bool = False
    insist: bool = False

    def __post_init__(self) -> None:
        for option, allowed in _CHOICES.items():
            value = getattr(self, option)
            if value not in allowed:
                raise InputError(f"'{value}' is not a value of {option}: choose one of {', '.join(allowed)}.")
        for option, least in _FLOORS.items():
            value = getattr(self, option)
            if not value >= least:
                raise InputError(f"{option} is {value}: it must be at least {least}.")
        if self.start is not None:
            self._make_plain()

    @property
    def start(self) -> Matrix | None:
        """Where to begin, 4 x 4, RAS mm, from fixed to moving points, or None: as the volumes lie."""
        if self.init_transform is None and self.init_landmarks is None:
            return None
        from .start import starting_transform

        return starting_transform(self.init_transform, self.init_landmarks)

    def _make_plain(self) -> None:
        """Keep arrays and lists as tuples, which compare and go through JSON."""
        from .start import as_rows

        if self.init_transform is not None:
            object.__setattr__(self, "init_transform", as_rows(self.init_transform))
        if self.init_landmarks is not None:
            fixed, moving = self.init_landmarks
            object.__setattr__(self, "init_landmarks", (as_rows(fixed), as_rows(moving)))

    def as_dict(self) -> dict[str, Any]:
        """All options, ready for JSON."""
        return asdict(self)


_CHOICES = {
    "fixed_modality": MODALITIES,
    "modality": MODALITIES,
    "fixed_window": WINDOWS,
    "window": WINDOWS,
    "init": INITIAL_ALIGNMENTS,
    "elastic": ELASTIC,
    "axis": SLICE_AXES,
    "device": DEVICES,
    "colormap": COLORMAPS,
}
_FLOORS = {"slice_smoothing_mm": 0.0, "registration_spacing_mm": 0.25, "batch_size": 1}
