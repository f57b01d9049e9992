"""The use case: check, start, follow, cancel and publish a fusion; knows engine and scene, never Qt."""
