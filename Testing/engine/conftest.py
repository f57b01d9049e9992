from collections.abc import Iterator

import pytest

from Testing.engine.confirmation import everything_confirmed


@pytest.fixture
def confirmed() -> Iterator[None]:
    """Whatever a network finds is published, as if intensities confirmed it."""
    with everything_confirmed():
        yield
