"""The BSAFusion network: MDF-FR, BSFA and MMFF, each in its own file."""

from .bsafusion import BSAFusion, NetworkSize

__all__ = ["BSAFusion", "NetworkSize"]
