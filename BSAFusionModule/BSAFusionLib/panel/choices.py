"""The options of a fusion as enumerations with labels, as Slicer's parameter nodes bind them to combo boxes.

A member's name is kept in the scene and its value is the engine's word for it.
"""

from __future__ import annotations

import enum

from slicer.i18n import tr as _


class _Choice(enum.Enum):
    def label(self) -> str:
        """What the combo box shows."""
        return _LABELS[type(self).__name__][str(self.value)]


class Modality(_Choice):
    """What a volume is taken for."""

    AUTO = "auto"
    MR = "mr"
    CT = "ct"
    PET = "pet"
    SPECT = "spect"


class Window(_Choice):
    """Which values become 0 and 1."""

    AUTO = "auto"
    BRAIN = "brain"
    SOFT_TISSUE = "soft-tissue"
    BONE = "bone"
    FULL = "full"
    PERCENTILE = "percentile"
    SUV = "suv"
    PERCENT_OF_MAXIMUM = "percent-of-maximum"


class InitialAlignment(_Choice):
    """How the whole volume is placed before the network."""

    RIGID = "rigid"
    AFFINE = "affine"
    CENTER = "center"
    NONE = "none"


class Elastic(_Choice):
    """What is bent after the initial alignment."""

    VOLUME = "volume"
    SLICES = "slices"


class SliceAxis(_Choice):
    """Along which axis slices are cut."""

    AUTO = "auto"
    AXIAL = "axial"
    CORONAL = "coronal"
    SAGITTAL = "sagittal"
    I = "i"  # noqa: E741
    J = "j"
    K = "k"


class Device(_Choice):
    """Where the network runs."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"
    MPS = "mps"


class Colormap(_Choice):
    """Colours of PET and SPECT."""

    AUTO = "auto"
    NONE = "none"
    HOT = "hot"
    RAINBOW = "rainbow"
    PET_HEAT = "pet-heat"
    SPECTRUM = "spectrum"


_LABELS: dict[str, dict[str, str]] = {
    "Modality": {
        "auto": _("Automatic"),
        "mr": _("MR"),
        "ct": _("CT"),
        "pet": _("PET"),
        "spect": _("SPECT"),
    },
    "Window": {
        "auto": _("Automatic window"),
        "brain": _("CT brain, 0 to 80 HU"),
        "soft-tissue": _("CT soft tissue, -160 to 240 HU"),
        "bone": _("CT bone, -500 to 1300 HU"),
        "full": _("Full range"),
        "percentile": _("Without the extremes"),
        "suv": _("PET, SUV 0 to 10"),
        "percent-of-maximum": _("Percent of maximum"),
    },
    "InitialAlignment": {
        "rigid": _("Rigid, 3-D"),
        "affine": _("Affine, 3-D"),
        "center": _("Centres on each other"),
        "none": _("None: they are aligned roughly"),
    },
    "Elastic": {
        "volume": _("Volume, then slices"),
        "slices": _("Slices alone"),
    },
    "SliceAxis": {
        "auto": _("Automatic"),
        "axial": _("Axial"),
        "coronal": _("Coronal"),
        "sagittal": _("Sagittal"),
        "i": _("Along columns (I)"),
        "j": _("Along rows (J)"),
        "k": _("As stored (K)"),
    },
    "Device": {
        "auto": _("Automatic"),
        "cpu": _("Processor (CPU)"),
        "cuda": _("NVIDIA graphics card (CUDA)"),
        "mps": _("Apple graphics (MPS)"),
    },
    "Colormap": {
        "auto": _("Automatic"),
        "none": _("No colour result"),
        "hot": _("Hot"),
        "rainbow": _("Rainbow"),
        "pet-heat": _("PET heat"),
        "spectrum": _("Spectrum"),
    },
}
