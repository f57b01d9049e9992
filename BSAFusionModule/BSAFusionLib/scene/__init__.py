"""MRML nodes to engine volumes and back; the scene is always an argument, and Qt and torch are never used."""
