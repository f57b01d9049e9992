"""The journal, the order of the table, and the page."""

import csv
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from BSAFusionLib.cohort.journal import NAME, Journal, fingerprint
from BSAFusionLib.cohort.outliers import LIMIT, first_to_look_at, scores
from BSAFusionLib.cohort.page import Page
from BSAFusionLib.cohort.pair import Pair, fusion_options, pair_request
from BSAFusionLib.cohort.record import failed_record
from BSAFusionLib.cohort.table import write_table
from BSAFusionLib.engine.errors import InputError
from PIL import Image


def pair(folder: Path, name: str = "a") -> Pair:
    request = pair_request(Path("f.nrrd"), Path("m.nrrd"), fusion_options(), {}, folder)
    return Pair(name, "row 2", request)


def done(name: str, verdict: str = "good", **numbers: float) -> dict[str, Any]:
    record = {"id": name, "status": "done", "verdict": verdict, "reasons": [], "numbers": numbers}
    return record | {"fusing_seconds": 1.0, "seconds": 1.5, "files": [f"pairs/{name}/preview.png"]}


def test_what_a_crash_has_cut_off_is_left_out(tmp_path: Path) -> None:
    with Journal(tmp_path, {"model": "x"}, resume=False) as journal:
        journal.add(failed_record(pair(tmp_path), "why"))
    with (tmp_path / NAME).open("a") as file:
        file.write('{"id": "b", "sta')
    with Journal(tmp_path, {"model": "x"}, resume=True) as journal:
        assert journal.records["a"]["reason"] == "why"
        journal.add(failed_record(pair(tmp_path, "c"), "too"))
    lines = [json.loads(line) for line in (tmp_path / NAME).read_text().splitlines()]
    assert [line.get("id") for line in lines] == [None, "a", "c"]


def test_a_pair_is_finished_while_its_inputs_and_results_are_the_same(tmp_path: Path) -> None:
    (tmp_path / "m.nrrd").write_text("one")
    (tmp_path / "result").touch()
    with Journal(tmp_path / "out", {}, resume=False) as journal:
        (tmp_path / "out" / "result").touch()
        stamp = fingerprint(pair(tmp_path))
        journal.add({"id": "a", "status": "done", "inputs": stamp, "files": ["result"]})
        assert journal.finished(pair(tmp_path))
        (tmp_path / "m.nrrd").write_text("another")
        assert not journal.finished(pair(tmp_path))
        (tmp_path / "m.nrrd").unlink()
        (tmp_path / "out" / "result").unlink()
        assert not journal.finished(pair(tmp_path))


def test_two_runs_cannot_write_to_one_folder(tmp_path: Path) -> None:
    pytest.importorskip("fcntl")
    with (
        Journal(tmp_path / "out", {}, resume=False),
        pytest.raises(InputError, match="Another run"),
        Journal(tmp_path / "out", {}, resume=True),
    ):
        pass


def test_a_folder_with_other_things_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.docx").touch()
    with pytest.raises(InputError, match="not empty"):
        Journal(tmp_path, {}, resume=True)


def test_scores_follow_iglewicz_and_hoaglin() -> None:
    values = [2.1, 2.6, 2.4, 2.5, 2.3, 2.1, 2.3, 2.6, 8.2, 8.3]  # median 2.45, MAD 0.15
    expected = [abs(value - 2.45) * 0.6745 / 0.15 for value in values]
    found = scores(list(values))
    assert found == pytest.approx(expected)
    assert [value for value, score in zip(values, scores(list(values)), strict=True) if score >= LIMIT] == [
        8.2,
        8.3,
    ]


def test_few_or_equal_values_have_no_outliers() -> None:
    assert scores([1.0, 1.0, 99.0]) == [0, 0, 0]
    assert scores([5.0] * 10) == [0] * 10
    assert scores([1.0] * 20 + [9.0, None])[-2:] == [pytest.approx(21 * 0.7979), 0]


def records(tmp_path: Path) -> list[dict[str, Any]]:
    rng = np.random.default_rng(1)
    normal = [done(f"p{n:02d}", ncc=float(value)) for n, value in enumerate(rng.normal(0.8, 0.02, 20))]
    failed = failed_record(pair(tmp_path, "broken"), "<cut> & short")
    return [
        *normal,
        done("odd", ncc=0.1),
        done("doubtful", "check", ncc=0.8),
        failed,
        done("bad", "do not use"),
    ]


def test_failed_then_bad_then_doubtful_then_strange_pairs_come_first(tmp_path: Path) -> None:
    ordered = first_to_look_at(records(tmp_path))
    assert [record["id"] for record in ordered[:4]] == ["broken", "bad", "doubtful", "odd"]
    assert ordered[3]["outlier_in"] == ["ncc"]


def test_the_order_does_not_depend_on_which_pair_came_first(tmp_path: Path) -> None:
    assert first_to_look_at(records(tmp_path)[::-1]) == first_to_look_at(records(tmp_path))


def test_the_table_can_be_read_back(tmp_path: Path) -> None:
    write_table(first_to_look_at(records(tmp_path)), tmp_path / "t.csv")
    with (tmp_path / "t.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[0]["reason"] == "<cut> & short"
    assert (rows[3]["id"], float(rows[3]["ncc"]), rows[3]["folder"]) == ("odd", 0.1, "pairs/odd")


def test_the_page_needs_no_other_file_and_marks_what_is_strange(tmp_path: Path) -> None:
    every = records(tmp_path)
    for record in every:
        if record["status"] == "done":
            folder = tmp_path / "pairs" / record["id"]
            folder.mkdir(parents=True)
            Image.new("RGB", (1564, 1006)).save(folder / "preview.png")
    page = Page(tmp_path).render(first_to_look_at(every), "")
    assert "&lt;cut&gt; &amp; short" in page
    assert not re.findall(r'(?:src|href)="(?!data:|#|pairs/|cohort\.csv)', page)
    assert page.count('src="data:image/jpeg;base64,') == len(every) - 1
    assert '<a href="#odd"><circle class="outlier"' in page
    assert page.index('id="broken"') < page.index('id="odd"') < page.index('id="p00"')
