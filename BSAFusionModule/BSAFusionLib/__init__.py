"""BSAFusion: registration and fusion of MRI with CT, PET or SPECT."""

__version__ = "0.1.0"
