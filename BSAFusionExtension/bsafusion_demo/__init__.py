"""Shows what the engine does on real brain volumes under a known misalignment, and measures its cost."""
