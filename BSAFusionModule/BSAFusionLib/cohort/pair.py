"""One pair of a cohort, and the options it is fused with."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from ..command_line.arguments import add_fusion_options
from ..command_line.fuse_command import fusion_request
from ..engine.errors import InputError
from .bids_names import BidsNames

_BETWEEN = ";"
"""Between the two files of an option such as landmarks, in one cell."""
_FLAGS = {"": False, "no": False, "false": False, "0": False, "yes": True, "true": True, "1": True}


@dataclass(frozen=True)
class Pair:
    """One task of a cohort.

    id: unique, and the name of its folder. place: where it stands in the cohort, such as "row 3".
    request: what command_line.results.fuse_files is asked for, all paths absolute, without the folder.
    bids: how its files are called in a BIDS derivative; None outside BIDS.
    """

    id: str
    place: str
    request: dict[str, Any]
    bids: BidsNames | None = None

    @property
    def files(self) -> list[str]:
        """Every file or folder that is read."""
        evidence = [self.request.get(name) or [] for name in ("landmarks", "segmentations")]
        return [
            self.request["fixed"],
            self.request["moving"],
            *(file for files in evidence for file in files),
        ]


class _OptionParser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise InputError(f"{message[0].upper()}{message[1:]}.")


def _parser() -> _OptionParser:
    parser = _OptionParser(add_help=False, allow_abbrev=False)
    add_fusion_options(parser)
    return parser


def option_names() -> dict[str, str]:
    """Names of all options of bsafusion fuse as attributes and the same without their leading dashes."""
    return {action.dest: action.option_strings[0].lstrip("-") for action in _parser()._actions}


def fusion_options(**chosen: Any) -> argparse.Namespace:
    """The options of bsafusion fuse with their defaults, some replaced; InputError for an unknown one."""
    options = _parser().parse_args([])
    unknown = sorted(chosen.keys() - vars(options).keys())
    if unknown:
        known = ", ".join(sorted(vars(options)))
        raise InputError(f"There is no option '{unknown[0]}': choose one of {known}.")
    return argparse.Namespace(**{**vars(options), **chosen})


def pair_request(
    fixed: Path, moving: Path, options: argparse.Namespace, own: Mapping[str, str], base: Path
) -> dict[str, Any]:
    """The request for one pair: the cohort's options, with the pair's own in front.

    own: values by option name, as they would be typed. base: what relative paths of the pair are relative to.
    Raises InputError where an option or its value makes no sense.
    """
    parser = _parser()
    typed = _typed(parser, {name: value for name, value in own.items() if value})
    chosen = parser.parse_args(typed, argparse.Namespace(**_absolute(vars(options), Path.cwd())))
    changed = _absolute(vars(chosen), base)
    return fusion_request(argparse.Namespace(fixed=base / fixed, moving=base / moving, **changed))


def _typed(parser: argparse.ArgumentParser, own: Mapping[str, str]) -> list[str]:
    """The words that would give these options on the command line."""
    counts = {action.option_strings[0].lstrip("-"): action.nargs for action in parser._actions}
    words = []
    for name, value in own.items():
        if counts[name] is None:
            words.append(f"--{name}={value}")
        elif counts[name] != 0:
            words += [f"--{name}", *(part.strip() for part in value.split(_BETWEEN))]
        elif value.lower() not in _FLAGS:
            raise InputError(f"'{value}' is not a value of {name}: write yes or no.")
        elif _FLAGS[value.lower()]:
            words.append(f"--{name}")
    return words


def _absolute(values: Mapping[str, Any], base: Path) -> dict[str, Any]:
    def absolute(value: Any) -> Any:
        if isinstance(value, list | tuple):
            return [absolute(part) for part in value]
        return base / value if isinstance(value, Path) else value

    return {name: absolute(value) for name, value in values.items()}
