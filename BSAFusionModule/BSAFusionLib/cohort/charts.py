"""Distributions as inline SVG: a histogram of all pairs, and every outlier as a dot that leads to its row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

import numpy as np

from .outliers import LIMIT, scores

WIDTH, HEIGHT = 300, 104
_LEFT, _RIGHT, _TOP, _BOTTOM = 10, 10, 24, 72  # of the plot, px
_BINS = 24
_MOST_DOTS = 40


def histogram(title: str, values: Sequence[tuple[str, float]]) -> str:
    """Draw the values of (id, value) pairs; the line is the median, the dots are outliers."""
    numbers = np.array([value for _, value in values])
    low, high = float(numbers.min()), float(numbers.max())
    counts, edges = np.histogram(numbers, bins=_BINS, range=(low, high) if high > low else (low - 1, low + 1))

    def x(value: float) -> float:
        share = (value - edges[0]) / (edges[-1] - edges[0])
        return float(_LEFT + share * (WIDTH - _LEFT - _RIGHT))

    bins = zip(edges, edges[1:], counts / counts.max(), strict=False)
    median = float(np.median(numbers))
    middle = x(median)
    parts = [f'<text class="title" x="{_LEFT}" y="14">{escape(title)}</text>']
    parts += [_bar(x(left), x(right), share) for left, right, share in bins if share]
    parts.append(f'<line class="median" x1="{middle:.1f}" x2="{middle:.1f}" y1="{_TOP}" y2="{_BOTTOM + 4}"/>')
    parts += _dots(values, x)
    parts.append(_text(_LEFT, "start", f"{low:.4g}"))
    parts.append(_text(WIDTH / 2, "middle", f"median {median:.4g}"))
    parts.append(_text(WIDTH - _RIGHT, "end", f"{high:.4g}"))
    label = escape(f"Distribution of {title}", quote=True)
    size = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
    return f'<svg {size} role="img" aria-label="{label}">{"".join(parts)}</svg>'


def _bar(left: float, right: float, share: float) -> str:
    height = share * (_BOTTOM - _TOP)
    return (
        f'<rect class="bar" x="{left + 0.5:.1f}" y="{_BOTTOM - height:.1f}" '
        f'width="{max(right - left - 1, 1):.1f}" height="{height:.1f}"/>'
    )


def _text(x: float, anchor: str, words: str) -> str:
    return f'<text x="{x:.0f}" y="{HEIGHT - 6}" text-anchor="{anchor}">{words}</text>'


def _dots(values: Sequence[tuple[str, float]], x: Callable[[float], float]) -> list[str]:
    found = scores([value for _, value in values])
    strangest = sorted(zip(found, values, strict=True), reverse=True)[:_MOST_DOTS]
    return [
        f'<a href="#{escape(pair_id, quote=True)}"><circle class="outlier" cx="{x(value):.1f}" '
        f'cy="{_BOTTOM + 7}" r="4"><title>{escape(pair_id)}: {value:.4g}</title></circle></a>'
        for score, (pair_id, value) in strangest
        if score >= LIMIT
    ]
