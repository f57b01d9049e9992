"""What can be typed after bsafusion; imports nothing slow, so that --help answers at once."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from .. import __version__
from ..engine import config
from .apply_arguments import DESCRIPTION as APPLY_HELP
from .apply_arguments import add_apply
from .export_arguments import DESCRIPTION as EXPORT_HELP
from .export_arguments import TRANSFORM_DESCRIPTION, add_export, add_export_transform
from .fuse_command import run_fuse
from .info_command import run_info

BAD_INPUT = 2
"""Exit status when the user can put it right; the reason is one sentence on stderr."""

_DEFAULTS = config.FusionConfig()


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence, without the usage in front."""

    def error(self, message: str) -> NoReturn:
        self.exit(BAD_INPUT, f"{message[0].upper()}{message[1:]}: see '{self.prog} --help'.\n")


AddCommand = Callable[["argparse._SubParsersAction[Any]"], None]


def main(arguments: Sequence[str] | None = None, more: Sequence[AddCommand] = ()) -> int:
    """Run the command and return the exit status.

    0 done, 2 bad input, 3 the verdict withholds the result, 130 stopped by Ctrl-C, 1 a defect.

    more: adds commands of layers above this one.
    """
    chosen = build_parser(more).parse_args(arguments)
    status: int = chosen.run(chosen)
    return status


def build_parser(more: Sequence[AddCommand] = ()) -> argparse.ArgumentParser:
    """The parser of all commands; each sets run(arguments) -> exit status."""
    parser = _Parser(prog="bsafusion", description="Aligns and fuses MRI with CT, PET, SPECT or MRI volumes.")
    parser.add_argument("--version", action="version", version=f"bsafusion {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_fuse(commands.add_parser("fuse", help="fuse two volumes", description=_FUSE_HELP))
    add_apply(
        commands.add_parser("apply", help="carry other images, labels, points over", description=APPLY_HELP)
    )
    add_export(
        commands.add_parser("export-dicom", help="write results as DICOM series", description=EXPORT_HELP)
    )
    add_export_transform(
        commands.add_parser(
            "export-transform", help="write a transform for other programs", description=TRANSFORM_DESCRIPTION
        )
    )
    info = commands.add_parser("info", help="tell versions, model and devices")
    info.add_argument("--json", action="store_true", help="print one JSON object")
    info.set_defaults(run=run_info)
    for add_command in more:
        add_command(commands)
    return parser


_FUSE_HELP = """Aligns the moving volume with the fixed one and fuses both. All results are on the grid of
the fixed volume and for display only. Either all files are written, or none."""
_VOLUME = "NRRD, NIfTI, MetaImage, or a folder with one DICOM series"


def _add_fuse(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=run_fuse)
    add = parser.add_argument
    add("fixed", metavar="FIXED", type=Path, help=f"the volume that stays: {_VOLUME}")
    add("moving", metavar="MOVING", type=Path, help="the volume that is aligned with it: the same")
    add("--out", metavar="DIR", type=Path, required=True, help="folder for the results, empty or new")
    add("--force", action="store_true", help="DIR may hold files; earlier results are replaced")
    add("--json", action="store_true", help="print JSON lines: progress, then result or error")
    add_fusion_options(parser)


def add_fusion_options(parser: argparse.ArgumentParser) -> None:
    """Add what can be said about one pair and how it is fused; a cohort takes the same options."""
    add = parser.add_argument
    add("--fixed-series", metavar="UID", help="DICOM series of FIXED, where a folder holds several")
    add("--moving-series", metavar="UID", help="DICOM series of MOVING, where a folder holds several")
    _add_choice(parser, "modality", config.MODALITIES, "what the moving volume is")
    _add_choice(parser, "fixed-modality", config.MODALITIES, "what the fixed volume is")
    _add_choice(parser, "window", config.WINDOWS, "intensity range of the moving volume")
    _add_choice(parser, "fixed-window", config.WINDOWS, "intensity range of the fixed volume")
    _add_choice(parser, "colormap", config.COLORMAPS, "colours of PET and SPECT")
    _add_choice(parser, "init", config.INITIAL_ALIGNMENTS, "alignment of the whole volume before the network")
    _add_start(parser)
    _add_choice(parser, "elastic", config.ELASTIC, "what is bent: volume, then slices, or these alone")
    _add_choice(parser, "axis", config.SLICE_AXES, "direction along which slices are cut")
    _add_choice(parser, "device", config.DEVICES, "where the network runs")
    _add_files(parser, "--landmarks", "the same points in both, to measure with: .mrk.json, .fcsv or .csv")
    _add_files(parser, "--segmentations", "the same structures in both, to measure with: label maps")
    add("--insist", action="store_true", help="write the result also where the verdict is 'do not use'")
    add("--inverse", action="store_true", help="also write the transform from moving to fixed points")
    add("--confidence", action="store_true", help="also write a confidence map; takes several times as long")
    add(
        "--slice-smoothing",
        metavar="MM",
        dest="slice_smoothing_mm",
        type=float,
        default=_DEFAULTS.slice_smoothing_mm,
        help="smoothing of the displacement across slices, standard deviation in mm (default %(default)s)",
    )


def _add_start(parser: argparse.ArgumentParser) -> None:
    """Options that tell where the alignment of the whole volume begins."""
    parser.add_argument(
        "--init-transform",
        metavar="FILE",
        type=Path,
        help="linear transform to begin at, as ITK and Slicer save it (.h5, .tfm, .txt, .mat)",
    )
    parser.add_argument(
        "--init-landmarks",
        metavar=("FIXED_POINTS", "MOVING_POINTS"),
        type=Path,
        nargs=2,
        help="files with the same 3 or more points in both volumes, to begin at: .mrk.json, .fcsv or .csv",
    )


def _add_files(parser: argparse.ArgumentParser, name: str, meaning: str) -> None:
    """An option that takes a file for the fixed and one for the moving volume."""
    parser.add_argument(name, metavar=("FIXED_FILE", "MOVING_FILE"), type=Path, nargs=2, help=meaning)


def _add_choice(parser: argparse.ArgumentParser, name: str, choices: Sequence[str], meaning: str) -> None:
    """FusionConfig checks the value, so that the sentence is the same everywhere."""
    default = getattr(_DEFAULTS, name.replace("-", "_"))
    help_text = f"{meaning}: {', '.join(choices)} (default {default})"
    parser.add_argument(f"--{name}", metavar=name.split("-")[-1].upper(), default=default, help=help_text)
