"""cohort.html: the whole run on one page without other files, those to look at first on top."""

from __future__ import annotations

from collections import Counter
from html import escape
from pathlib import Path

from .charts import histogram
from .faults import count
from .outliers import LIMIT
from .page_style import STYLE
from .record import DONE, Record
from .thumbnails import Thumbnails

NAME = "cohort.html"
_ROWS = 300
"""More rows with pictures make a page that browsers open slowly; cohort.csv has all."""
_CHARTS = 16
_SHOWN = (
    "landmarks_error_mm_before_mean",
    "landmarks_error_mm_after_mean",
    "landmarks_error_mm_after_max",
    "segmentations_mean_before_dice",
    "segmentations_mean_after_dice",
    "segmentations_mean_after_hausdorff95_mm",
    "overlap",
    "before_nmi",
    "after_nmi",
    "displacement_mm_p95",
    "displacement_mm_max",
    "slice_jump_mm_mean",
    "jacobian_smallest",
    "folds_repaired",
    "inverse_consistency_mm_max",
)
"""Numbers worth a look, in this order; others are shown where a pair is far from the others in them."""
_TIMES = ("fusing_seconds", "peak_memory_mb")
_IN_ROW = 12


class Page:
    """Draws the page of one run again and again; each picture is made small once."""

    def __init__(self, out: Path) -> None:
        """out: the run's folder, where the pictures lie and links lead to."""
        self._thumbnails = Thumbnails(out)

    def render(self, records: list[Record], ended_early: str) -> str:
        """The page for marked records in their order; ended_early: why pairs are missing, if they are."""
        rows = "\n".join(self._row(record) for record in records[:_ROWS])
        more = len(records) - _ROWS
        rest = (
            f"<p>{count(more, 'more pair')} in <a href='cohort.csv'>cohort.csv</a>.</p>" if more > 0 else ""
        )
        early = f"<p><b>{escape(ended_early)}</b></p>" if ended_early else ""
        return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Cohort of {len(records)} pairs</title>
<meta name="viewport" content="width=device-width,initial-scale=1"><style>{STYLE}</style></head><body>
<h1>Cohort of {count(len(records), "pair")}</h1>
<p class="soft">Made by BSAFusion. For research and display, not for diagnosis.
All numbers: <a href="cohort.csv">cohort.csv</a>.</p>
{early}{_tiles(records)}
<h2>Distributions</h2>
<p class="soft">Over all pairs that are done. Red: far from the others (modified z-score of {LIMIT} or more);
a dot leads to its pair.</p>
<div class="charts">{_charts(records)}</div>
<h2>Pairs, those to look at first on top</h2>
{rows}
{rest}</body></html>
"""

    def _row(self, record: Record) -> str:
        state = record.get("verdict") or record["status"]
        badge = f'<span class="badge {state.replace(" ", "-")}">{escape(state)}</span>'
        words = " ".join(record.get("reasons", [])) or record.get("reason", "")
        picture = self._thumbnails.of(record)
        shape, shown = ("", f"<div>{picture}</div>") if picture else (' class="bare"', "")
        return (
            f'<article id="{escape(record["id"], quote=True)}"{shape}>{shown}<div>'
            f"<h3>{badge}{escape(record['id'])}</h3><p>{escape(words)}</p>{_details(record)}</div></article>"
        )


def _tiles(records: list[Record]) -> str:
    """How many pairs are in which state."""
    states = Counter(record.get("verdict") or record["status"] for record in records)
    done = [record for record in records if record["status"] == DONE]
    tiles = [f'<div class="tile"><b>{number}</b>{escape(state)}</div>' for state, number in states.items()]
    odd = sum(bool(record["outlier_in"]) for record in done)
    tiles.append(f'<div class="tile"><b>{odd}</b>with outliers</div>')
    if done:
        middle = sorted(record["fusing_seconds"] for record in done)[len(done) // 2]
        tiles.append(f'<div class="tile"><b>{middle:.1f} s</b>a pair</div>')
    return f'<div class="tiles">{"".join(tiles)}</div>'


def _charts(records: list[Record]) -> str:
    done = [record for record in records if record["status"] == DONE]
    columns: dict[str, list[tuple[str, float]]] = {}
    for record in done:
        times = {name: record[name] for name in _TIMES if record.get(name) is not None}
        for name, value in {**record["numbers"], **times}.items():
            columns.setdefault(name, []).append((record["id"], value))
    strange = sorted({name for record in done for name in record["outlier_in"]} - {*_SHOWN})
    varied = {name for name, values in columns.items() if len({value for _, value in values}) > 1}
    shown = [name for name in (*_SHOWN, *strange) if name in varied][: _CHARTS - len(_TIMES)]
    shown += [name for name in _TIMES if name in varied]
    return "".join(histogram(_words(name), columns[name]) for name in shown)


def _details(record: Record) -> str:
    """The numbers of a pair, its outliers in front and red, and how long it took."""
    numbers, odd = record.get("numbers", {}), record.get("outlier_in", [])
    names = [*odd, *(name for name in _SHOWN if name in numbers and name not in odd)][:_IN_ROW]
    shown = [(_words(name), f"{numbers[name]:.4g}", name in odd) for name in names]
    if "seconds" in record:
        shown.append(("seconds", f"{record['seconds']:.1f}", False))
    items = [
        f"<div><dt>{escape(word)}</dt><dd{' class=odd' if strange else ''}>{value}</dd></div>"
        for word, value, strange in shown
    ]
    return f"<dl>{''.join(items)}</dl>"


def _words(name: str) -> str:
    """Such as 'displacement p95, mm' for displacement_mm_p95."""
    unit = ", mm" if "_mm" in name else ""
    return name.replace("_mm", "").replace("_", " ") + unit
