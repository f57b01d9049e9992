import json

import pytest
from BSAFusionLib.command_line.reporting import JsonReporter, TerminalReporter, progress_line


def test_the_bar_grows_with_the_work() -> None:
    line = progress_line("Aligning slices", 3, 10, 12.4)
    assert line == "[=========                     ]  30%   12 s  Aligning slices"


def test_work_of_unknown_size_shows_an_empty_bar() -> None:
    assert progress_line("Starting", 0, 0, 0).startswith("[ ")


def test_a_bar_is_drawn_only_in_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    TerminalReporter().progress("Aligning slices", 3, 10)
    assert capsys.readouterr() == ("", "")


def test_people_are_told_of_warnings_and_where_the_results_are(capsys: pytest.CaptureFixture[str]) -> None:
    report = {"warnings": ["The GPU ran out of memory, the CPU was used."]}
    TerminalReporter().result({"folder": "out", "files": ["fused.nrrd", "preview.png"], "report": report})
    told = capsys.readouterr()
    assert told.err == "Warning: The GPU ran out of memory, the CPU was used.\n"
    assert told.out == "out: fused.nrrd, preview.png\n"


def test_machines_read_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    reporter = JsonReporter()
    reporter.progress("Aligning slices", 3, 10)
    reporter.result({"folder": "out", "files": [], "report": {}})
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert first == {"event": "progress", "step": "Aligning slices", "done": 3, "total": 10}
    assert second["event"] == "result"


def test_machines_and_people_both_get_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    JsonReporter().error("No.")
    told = capsys.readouterr()
    assert json.loads(told.out) == {"event": "error", "message": "No."}
    assert told.err == "No.\n"
