"""What a worker of the private cluster does when it starts; Dask calls dask_setup."""

from __future__ import annotations

import os
import signal


def dask_setup(_worker: object) -> None:
    """Leave Ctrl-C to the process that the user has started, which ends its workers in order."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "setpgrp"):
        os.setpgrp()
