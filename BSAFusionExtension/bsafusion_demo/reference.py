"""make reference: docs/command_line.md, from what the parser itself says."""

from __future__ import annotations

import argparse
from pathlib import Path

from BSAFusionLib.cohort.batch_command import add_batch
from BSAFusionLib.command_line.arguments import build_parser

FILE = Path(__file__).resolve().parents[2] / "docs" / "command_line.md"

_INTRODUCTION = """# Command line

Every command and option of `bsafusion`, written by `make reference`. What they are for:
[README](../README.md); a first walk: [tutorial](tutorial.md).

The exit status is 0 when done, 2 when the input cannot be used (one sentence says why and what to do), 3
when a fusion's verdict is "do not use" or some pairs of a cohort are not done, 130 after Ctrl-C. All files
of a command are written, or none. In a terminal `bsafusion COMMAND --help` says the same as this page.
"""


def main() -> None:
    """Write the page anew."""
    FILE.write_text(reference(), encoding="utf-8")
    print(f"Written: {FILE}")


def reference() -> str:
    """The page: one section a command, one row an argument."""
    parser = build_parser([add_batch])
    commands = next(action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    sections = [_section(name, parser) for name, parser in commands.choices.items()]
    return "\n".join([_INTRODUCTION, *sections])


def _section(name: str, parser: argparse.ArgumentParser) -> str:
    arguments = [action for action in parser._actions if not isinstance(action, argparse._HelpAction)]
    words = [f"bsafusion {name}"]
    words += [_value(action) for action in arguments if not action.option_strings]
    words += [f"{action.option_strings[0]} {_value(action)}" for action in arguments if _must(action)]
    rows = [f"| {_name(action)} | {_meaning(action)} |" for action in arguments]
    text = " ".join((parser.description or "").split())
    table = ["| argument | meaning |", "| --- | --- |", *rows] if rows else []
    return "\n".join([f"## bsafusion {name}", "", text, "", "```", " ".join(words), "```", "", *table, ""])


def _must(action: argparse.Action) -> bool:
    return bool(action.option_strings) and action.required


def _name(action: argparse.Action) -> str:
    value = _value(action)
    words = [action.option_strings[-1], value] if action.option_strings else [value]
    return f"`{' '.join(word for word in words if word)}`"


def _value(action: argparse.Action) -> str:
    """What stands for the value; empty for a switch."""
    if action.nargs == 0:
        return ""
    if action.choices is not None:
        return ", ".join(str(choice) for choice in action.choices)
    name = action.metavar or action.dest
    if isinstance(name, tuple):
        return " ".join(name)
    return f"{name} [{name} ...]" if action.nargs == "+" else name


def _meaning(action: argparse.Action) -> str:
    text = (action.help or "").replace("%(default)s", str(action.default))
    return " ".join(text.replace("|", "\\|").split())


if __name__ == "__main__":
    main()
