"""Entry of the command line: bsafusion, or python -m BSAFusionLib."""

import sys
from collections.abc import Sequence

from .cohort.batch_command import add_batch
from .command_line import arguments as command_line


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command of bsafusion and return its exit status."""
    return command_line.main(arguments, [add_batch])


if __name__ == "__main__":
    sys.exit(main())
