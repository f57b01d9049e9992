"""bsafusion batch: a cohort in, a folder of results with a table and a page out."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..command_line.arguments import add_fusion_options
from ..command_line.supervisor import Stopped, stop_signals
from ..engine.errors import BSAFusionError

if TYPE_CHECKING:
    from .book import Summary

SOME_FAILED = 3
"""Exit status when the run is over and not all pairs are done; the table says which and why."""

_HELP = """Fuses every pair of a cohort, on this machine or on a Dask cluster. A pair that fails does not
stop the others. Results are written as they come; what is done is never done again."""


def add_batch(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the command to those of bsafusion."""
    parser = commands.add_parser("batch", help="fuse the pairs of a cohort", description=_HELP)
    parser.set_defaults(run=run_batch)
    add = parser.add_argument
    add("cohort", metavar="COHORT", type=Path, help="CSV with fixed, moving, id; or a folder in BIDS")
    add("--out", metavar="DIR", type=Path, required=True, help="folder for the results, empty or new")
    add("--resume", action="store_true", help="go on with the run in DIR")
    add("--fail-fast", action="store_true", help="end at the first pair that fails")
    add("--scheduler", metavar="tcp://HOST:PORT", help="an existing Dask cluster (default: a private one)")
    add("--workers", metavar="N", type=int, help="workers on this machine (default: one a GPU or core)")
    add("--threads", metavar="N", type=int, default=1, help="processor threads of a worker (default 1)")
    add("--memory", metavar="SIZE", help="most that a worker may take, such as 4GB (default: an equal share)")
    add("--json", action="store_true", help="print JSON lines: checking, pair, then result or error")
    add_fusion_options(parser)


def run_batch(arguments: argparse.Namespace) -> int:
    """Run the command; returns the exit status."""
    from .watcher import JsonLines, Terminal

    watcher = JsonLines() if arguments.json else Terminal()
    try:
        with stop_signals():
            summary = _run(arguments, watcher)
    except Stopped as stopped:
        watcher.end()
        return _fail(arguments, "Stopped: what is done is kept, go on with --resume.", stopped.status)
    except BSAFusionError as error:
        watcher.end()
        return _fail(arguments, error.message, 2)
    watcher.end()
    return _tell(arguments, summary)


def _run(arguments: argparse.Namespace, watcher: Any) -> Summary:
    from .cluster import Place
    from .pair import fusion_options
    from .run import Settings, run

    names = vars(fusion_options())
    options = argparse.Namespace(**{name: vars(arguments)[name] for name in names})
    place = Place(
        arguments.scheduler, arguments.workers, arguments.threads, arguments.memory, arguments.device
    )
    settings = Settings(place, arguments.resume, arguments.fail_fast)
    return run(arguments.cohort, arguments.out, options, settings, watcher)


def _tell(arguments: argparse.Namespace, summary: Summary) -> int:
    from .record import DONE, FAILED, NOT_RUN

    counts = {status: summary.count(status) for status in (DONE, FAILED, NOT_RUN)}
    files = {"table": str(summary.table), "page": str(summary.page)}
    if arguments.json:
        result = {"event": "result", **counts, "verdicts": summary.verdicts(), **files}
        print(json.dumps({**result, "ended_early": summary.ended_early}), flush=True)
    else:
        verdicts = ", ".join(f"{number} {verdict}" for verdict, number in summary.verdicts().items())
        told = [f"{number} {status}" for status, number in counts.items() if number]
        print(f"{arguments.out}: {', '.join(told)}" + (f" (verdict: {verdicts})" if verdicts else ""))
        print(f"Look first at the top of {summary.page}")
    if summary.ended_early:
        print(summary.ended_early, file=sys.stderr)
    return 0 if counts[DONE] == len(summary.records) else SOME_FAILED


def _fail(arguments: argparse.Namespace, message: str, status: int) -> int:
    if arguments.json:
        print(json.dumps({"event": "error", "message": message}), flush=True)
    print(message, file=sys.stderr)
    return status
