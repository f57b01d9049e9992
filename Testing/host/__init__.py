"""A stand-in for the Slicer desktop: PySide6 without a screen, around the real MRML scene."""
