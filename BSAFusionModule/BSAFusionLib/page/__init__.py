"""A fusion as one page to read and print: HTML with everything inside; needs numpy and the engine alone."""
