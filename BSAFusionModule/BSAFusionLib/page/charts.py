"""Line charts as SVG, drawn in the page's own colours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from math import ceil, floor, isfinite, log10

WIDTH, HEIGHT = 440, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 12, 12, 34
_TICKS = 5


def line_chart(title: str, series: Mapping[str, Sequence[float]], first: int = 1) -> str:
    """Draw lines over slices counted from first, as SVG with a legend; what is not finite leaves a gap.

    Empty where there is nothing to draw.
    """
    known = [value for values in series.values() for value in values if isfinite(value)]
    count = max((len(values) for values in series.values()), default=0)
    if not known or count < 2:
        return ""
    ticks = _ticks(min(known), max(known))
    low, high = ticks[0], ticks[-1]

    def x(n: float) -> float:
        return _LEFT + n / (count - 1) * (WIDTH - _LEFT - _RIGHT)

    def y(value: float) -> float:
        return _TOP + (high - value) / (high - low) * (HEIGHT - _TOP - _BOTTOM)

    parts = [_grid_line(y(tick), tick) for tick in ticks]
    parts += [_slice_number(x(n), n + first) for n in sorted({0, (count - 1) // 2, count - 1})]
    for number, values in enumerate(series.values()):
        for run in _runs(values):
            points = " ".join(f"{x(n):.1f},{y(value):.1f}" for n, value in run)
            parts.append(f'<polyline class="line line{number}" points="{points}"/>')
    names = "".join(
        f'<span class="key-name"><span class="swatch swatch{n}"></span>{escape(name)}</span>'
        for n, name in enumerate(series)
    )
    return (
        f'<figure class="chart"><figcaption>{escape(title)}</figcaption>'
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">{"".join(parts)}</svg>'
        f'<p class="legend">{names}</p></figure>'
    )


def _grid_line(height: float, tick: float) -> str:
    return (
        f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{height:.1f}" y2="{height:.1f}"/>'
        f'<text class="tick" x="{_LEFT - 6}" y="{height + 4:.1f}" text-anchor="end">{tick:.4g}</text>'
    )


def _slice_number(at: float, number: int) -> str:
    text = f"slice {number}" if number == 1 else str(number)
    return f'<text class="tick" x="{at:.1f}" y="{HEIGHT - 12}" text-anchor="middle">{text}</text>'


def _ticks(low: float, high: float) -> list[float]:
    """About five round numbers that enclose both."""
    span = max(high - low, 1e-3 * max(1.0, abs(high)))
    power = 10.0 ** floor(log10(span / _TICKS))
    step = next(step for step in (power, 2 * power, 5 * power, 10 * power) if span / step <= _TICKS)
    first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
    return [round(n * step, 12) for n in range(first, max(last, first + 1) + 1)]


def _runs(values: Sequence[float]) -> list[list[tuple[int, float]]]:
    """The parts of a line between gaps."""
    runs: list[list[tuple[int, float]]] = [[]]
    for n, value in enumerate(values):
        if isfinite(value):
            runs[-1].append((n, value))
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]
