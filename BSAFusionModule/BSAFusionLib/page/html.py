"""A run as one HTML file: nothing is loaded from elsewhere, so that it can be kept, sent and printed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from ..engine.model_store import resource_path
from ..engine.slice_numbers import slice_columns
from .charts import line_chart
from .pictures import Pictures
from .words import STAGES, Line, confidence_sentences, measures, reference_lines

_VERDICTS = {
    "good": "Good",
    "check": "Check before use",
    "do not use": "Do not use",
}
_CHARTS = {
    "Mutual information of every slice": ("NMI before", "NMI after initial alignment", "NMI after"),
    "Correlation of every slice": ("NCC before", "NCC after initial alignment", "NCC after"),
    "Elastic displacement of every slice, mm": (
        "Jump to the next slice (mm)",
        "Displacement mean (mm)",
        "Displacement max (mm)",
    ),
    "Jacobian determinant of every slice": ("Jacobian smallest", "Jacobian largest"),
}
_USE = "For display and review only, not for measurement, diagnosis or treatment."


def html_page(report: Mapping[str, Any], pictures: Pictures, fixed: str, moving: str) -> str:
    """Write the page of one run. fixed, moving: what the user calls the volumes.

    report: that of FusionResult, with whatever else it holds. What it lacks is left out.
    """
    title = f"{moving} aligned to {fixed}"
    sections = [
        _verdict(report),
        _section("Pictures", _pictures(pictures)),
        _section("Landmarks and segmentations", _table(reference_lines(report))),
        _section("Confidence", "".join(f"<p>{escape(text)}</p>" for text in confidence_sentences(report))),
        _section("Numbers", _table(measures(report))),
        _section("Slice by slice", _charts(report)),
        _section("How it was made", _facts(report)),
    ]
    style = resource_path("Report/report.css").read_text(encoding="utf-8")
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{style}</style></head><body>"
        f'<header><h1>{escape(title)}</h1><p class="faint">Report of BSAFusion. {_USE}</p></header>'
        f"<main>{''.join(sections)}</main></body></html>\n"
    )


def _section(title: str, content: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{content}</section>" if content else ""


def _verdict(report: Mapping[str, Any]) -> str:
    found = report.get("verdict", {})
    word = found.get("verdict")
    if word is None:
        return ""
    reasons = [*found.get("reasons", []), *report.get("warnings", [])]
    items = "".join(f"<li>{escape(reason)}</li>" for reason in dict.fromkeys(reasons))
    name = _VERDICTS.get(word, word)
    return (
        f'<div class="verdict {word.replace(" ", "-")}"><strong>{escape(name)}</strong><ul>{items}</ul></div>'
    )


def _pictures(pictures: Pictures) -> str:
    return "".join(
        f'<div class="slice"><h3>Slice {number} of {pictures.count}</h3><div class="pictures">'
        + "".join(
            f'<figure><div class="frame"><img src="{row.pictures[n]}" alt="{escape(row.title)}"></div>'
            f"<figcaption><b>{escape(row.title)}</b> "
            f'<span class="faint">{escape(row.note) if n == 0 else ""}</span></figcaption></figure>'
            for row in pictures.rows
        )
        + "</div></div>"
        for n, number in enumerate(pictures.slices)
    )


def _table(lines: list[Line]) -> str:
    if not lines:
        return ""
    head = "".join(f"<th>{title}</th>" for title in STAGES.values())
    rows = "".join(
        f"<tr><td>{escape(line.name)}</td>"
        + "".join(f"<td>{_number(value, line.digits)}</td>" for value in line.values)
        + f'<td class="meaning">{escape(line.meaning)}</td></tr>'
        for line in lines
    )
    return f'<table><tr><th>Measure</th>{head}<th class="meaning">What it means</th></tr>{rows}</table>'


def _number(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}f}"


def _charts(report: Mapping[str, Any]) -> str:
    columns = slice_columns(report)
    drawn = [line_chart(title, {name: columns[name] for name in names}) for title, names in _CHARTS.items()]
    content = "".join(drawn)
    return f'<div class="charts">{content}</div>' if content else ""


def _facts(report: Mapping[str, Any]) -> str:
    geometry, alignment = report.get("geometry", {}), report.get("alignment", {})
    facts = [
        (f"{role.capitalize()} volume", _volume(geometry[role]))
        for role in ("fixed", "moving")
        if role in geometry
    ]
    if "note" in alignment:
        facts.append(("Initial alignment", f"{alignment.get('method', '')}: {alignment['note']}"))
    model = report.get("model", {})
    if model:
        facts.append(("Network", f"{model.get('id')} {model.get('version')}, SHA-256 {model.get('sha256')}"))
    facts += [("Options", _pairs(report.get("configuration", {}).items()))]
    facts += [("Versions", _pairs(report.get("software", report.get("versions", {})).items()))]
    seconds = report.get("seconds", {})
    facts.append(("Time", f"{sum(seconds.values()):.1f} s" if seconds else ""))
    rows = "".join(
        f'<tr><td class="key">{escape(name)}</td><td class="value">{escape(value)}</td></tr>'
        for name, value in facts
        if value
    )
    return f"<table>{rows}</table>"


def _volume(known: Mapping[str, Any]) -> str:
    voxels = " x ".join(str(n) for n in known["voxels"])
    spacing = " x ".join(f"{mm:.3g}" for mm in known["spacing_mm"])
    low, high = known["window"]
    guess = ", by its values" if known.get("modality_is_a_guess") else ""
    return (
        f"{known['modality'].upper()}{guess}; {voxels} voxels of {spacing} mm; window {low:.4g} to {high:.4g}"
    )


def _pairs(items: Iterable[tuple[str, Any]]) -> str:
    return ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in items if value is not None)
