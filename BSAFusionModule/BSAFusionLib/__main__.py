"""Entry of the command line: bsafusion, or python -m BSAFusionLib."""

import sys

from .command_line.arguments import main

if __name__ == "__main__":
    sys.exit(main())
