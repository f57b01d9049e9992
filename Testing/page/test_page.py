"""The page of a run: complete in itself, correct, and safe against what volumes are called."""

import io
import re
import xml.etree.ElementTree as ET
from base64 import b64decode
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from BSAFusionLib.engine import FusionConfig, FusionResult, Volume, fuse
from BSAFusionLib.page.charts import line_chart
from BSAFusionLib.page.html import html_page
from BSAFusionLib.page.pictures import Pictures, take_pictures
from BSAFusionLib.page.png import png
from BSAFusionLib.page.words import measures, reference_lines
from PIL import Image

from Testing.engine.confirmation import everything_confirmed
from Testing.engine.networks import Shift, network
from Testing.engine.phantoms import axial_grid, head

Run = tuple[Volume, Volume, FusionResult]
EVIL = "<script>alert('x')</script> & Co"


@pytest.fixture(scope="module")
def run() -> Run:
    fixed, moving = head(axial_grid((5.0, 5.0, 12.0)), "mr"), head(axial_grid((6.0, 6.0, 8.0)), "pet")
    config = FusionConfig(
        init="none",
        elastic="slices",
        registration_spacing_mm=4.0,
        modality="pet",
        confidence=True,
        inverse=True,
    )
    with everything_confirmed():
        result = fuse(fixed, moving, config, network(Shift(1.0, 0.0)))
    return fixed, moving, result


@pytest.fixture(scope="module")
def pictures(run: Run) -> Pictures:
    return take_pictures(*run)


def picture(pictures: Pictures, title: str, n: int = 1) -> np.ndarray:
    (row,) = [row for row in pictures.rows if row.title == title]
    return np.asarray(
        Image.open(io.BytesIO(b64decode(row.pictures[n].removeprefix("data:image/png;base64,"))))
    )


class Checker(HTMLParser):
    """Every tag is closed in order, and addresses lie inside the page."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "srcset", "data")]
        if tag not in ("img", "meta", "line"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("shape", [(7, 5), (4, 9, 3)])
def test_pictures_are_png_that_others_read(shape: tuple[int, ...]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(png(pixels)))), pixels)


def test_every_kind_is_pictured_in_three_slices(pictures: Pictures) -> None:
    titles = [row.title for row in pictures.rows]
    assert titles == [
        "Fixed", "Moving, before", "Moving, aligned", "Fused", "Edges", "Jacobian", "Confidence",
    ]  # fmt: skip
    assert all(len(row.pictures) == 3 for row in pictures.rows)
    assert picture(pictures, "Fixed").max() == 255
    assert picture(pictures, "Fixed").shape == (240, 209)  # 230 x 200 mm, the longer side is 240 pixels
    assert picture(pictures, "Fused").shape == (240, 209, 3)
    assert picture(pictures, "Confidence")[2, 2].tolist() == [0, 0, 0]


def test_a_shift_shows_between_the_moving_pictures_and_not_in_the_jacobian(pictures: Pictures) -> None:
    """The network moves everything by 4 mm, that is 4.2 pixels, and changes no volume."""
    before, after = (
        picture(pictures, f"Moving, {when}").astype(float).sum(axis=2) for when in ("before", "aligned")
    )
    errors = {n: np.abs(np.roll(before, n, axis=1) - after)[40:200, 40:160].mean() for n in range(-8, 9)}
    assert min(errors, key=errors.__getitem__) in (-4, -5)
    assert (picture(pictures, "Jacobian")[60:180, 60:150] > 250).all()


def test_the_page_holds_everything_and_asks_for_nothing(run: Run, pictures: Pictures) -> None:
    fixed, moving, result = run
    text = html_page(result.report, pictures, fixed.name, moving.name)
    checker = Checker()
    checker.feed(text)
    assert not checker.open
    assert len(checker.addresses) == 21
    assert all(address.startswith("data:image/png;base64,") for address in checker.addresses)
    words = re.sub("data:image/png;base64,[A-Za-z0-9+/=]*", "", text)
    assert re.findall(r"http|url\(|@import|<script|<link", words) == []
    assert len(text) < 3_000_000


def test_the_verdict_stands_on_top_with_its_reasons(run: Run, pictures: Pictures) -> None:
    verdict = {"verdict": "do not use", "reasons": ["Only 3 % overlap."], "numbers": {}}
    quality = run[2].report["quality"] | {"roughness": 0.123}
    report = run[2].report | {"verdict": verdict, "warnings": ["Memory ran out."], "quality": quality}
    text = html_page(report, pictures, "a", "b")
    assert text.index("Do not use") < text.index("Pictures")
    assert 'class="verdict do-not-use"' in text
    assert text.index("Only 3 % overlap.") < text.index("Memory ran out.") < text.index("<img")
    assert "0.123" in text


def test_names_cannot_break_the_page(run: Run, pictures: Pictures) -> None:
    report = run[2].report | {"warnings": [EVIL]}
    rows = [replace(row, note=EVIL) for row in pictures.rows]
    text = html_page(report, replace(pictures, rows=rows), EVIL, EVIL)
    assert "<script" not in text
    assert "&lt;script&gt;" in text


def test_numbers_of_the_report_are_told_by_stage() -> None:
    errors = {"mean": 1, "median": 2, "max": 3}
    report = {
        "quality": {"before": {"nmi": 1.1}, "after": {"nmi": 1.25}, "displacement_mm": {"mean": 2.5}},
        "landmarks": {"count": 3, "error_mm": dict.fromkeys(("before", "after"), errors)},
        "segmentations": {"labels": {"4": {"after": {"dice": 0.9, "hausdorff95_mm": None}}}},
    }
    lines = {line.name: line.values for line in [*measures(report), *reference_lines(report)]}
    assert lines["Mutual information, normalised"] == (1.1, None, 1.25)
    assert lines["Elastic displacement, mean (mm)"] == (None, None, 2.5)
    assert lines["Landmark error, median (mm)"] == (2, None, 2)
    assert lines["Dice, label 4"] == (None, None, 0.9)
    assert lines["Hausdorff 95 % (mm), label 4"] == (None, None, None)


def test_a_chart_draws_its_values_to_scale_and_leaves_gaps() -> None:
    chart = line_chart("Values & more", {"a": [0.0, 1.0, float("nan"), 2.0, 4.0]})
    svg = ET.fromstring(re.search(r"<svg.*</svg>", chart)[0])  # type: ignore[index]
    lines = [each.get("points") for each in svg.iter("polyline")]
    points = [[tuple(map(float, point.split(","))) for point in line.split()] for line in lines if line]
    assert [len(line) for line in points] == [2, 2]
    (x0, y0), (x1, y1) = points[0]
    (x3, y3), (_, y4) = points[1]
    assert (x3 - x0) / (x1 - x0) == pytest.approx(3, rel=0.01)
    assert (y0 - y4) / (y0 - y1) == pytest.approx(4, rel=0.01)
    assert y3 < y1
    assert "Values &amp; more" in chart


def test_nothing_known_draws_nothing() -> None:
    assert line_chart("t", {"a": [float("nan")] * 4}) == ""
    assert "Slice by slice" not in html_page({}, Pictures([], 0, []), "a", "b")
