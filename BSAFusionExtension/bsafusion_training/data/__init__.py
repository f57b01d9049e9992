"""Aligned pairs, and what is done to them before the network sees them."""
