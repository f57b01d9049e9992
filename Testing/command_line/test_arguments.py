import os
import subprocess
import sys

import pytest
from BSAFusionLib.command_line.arguments import build_parser, main


def test_every_option_reaches_the_command() -> None:
    typed = "fuse a.nrrd b.nii.gz --out d --modality pet --init affine --axis k --slice-smoothing 1.5"
    chosen = build_parser().parse_args(typed.split())
    assert (chosen.modality, chosen.init, chosen.axis, chosen.slice_smoothing_mm) == (
        "pet",
        "affine",
        "k",
        1.5,
    )
    assert (chosen.fixed.name, chosen.moving.name, chosen.out.name) == ("a.nrrd", "b.nii.gz", "d")


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("fuse a b", "--out"),
        ("fuse a b --out d --nonsense", "--nonsense"),
        ("fuse a b --out d --slice-smoothing wide", "wide"),
        ("melt a b", "melt"),
        ("", "COMMAND"),
    ],
)
def test_a_mistyped_command_is_explained_in_one_line(
    typed: str, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(typed.split())
    message = capsys.readouterr().err
    assert message.count("\n") == 1
    assert reason in message


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("modality", "xray"),
        ("init", "magic"),
        ("elastic", "wobbly"),
        ("axis", "up"),
        ("device", "tpu"),
        ("window", "wide"),
    ],
)
def test_an_unknown_value_is_explained_with_the_known_ones(
    option: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["fuse", "a", "b", "--out", "d", f"--{option}", value]) == 2
    assert f"'{value}' is not a value of {option}: choose one of" in capsys.readouterr().err


def test_negative_smoothing_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fuse", "a", "b", "--out", "d", "--slice-smoothing", "-1"]) == 2
    assert "at least 0" in capsys.readouterr().err


def test_help_comes_at_once() -> None:
    before = os.times()
    subprocess.run([sys.executable, "-m", "BSAFusionLib", "--help"], capture_output=True, check=True)
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    assert used < 0.5  # seconds of one core, however busy the machine is; 0.2 on a quiet one
