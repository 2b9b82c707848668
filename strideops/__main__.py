# SPDX-License-Identifier: BSD-3-Clause
"""``python -m strideops``: the command line."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

WRONG_INPUT = 2
EXAMPLES = """examples:
  python -m strideops explain photo.npy "[:, :, 1]"
  python -m strideops explain --shape 6,8 --dtype int64 "[:, :6]"
  python -m strideops audit script.py its arguments
  python -m strideops report --out pictures
"""


def _explain(chosen: argparse.Namespace) -> int:
    from . import commands, explain

    try:
        if chosen.shape is None:
            if chosen.file is None:
                raise commands.WrongInput("explain wants a .npy file, or --shape and --dtype")
            x = commands.mapped(Path(chosen.file))
        else:
            if chosen.index is not None:
                raise commands.WrongInput("explain takes a .npy file or --shape, not both")
            x, chosen.index = commands.imagined(chosen.shape, chosen.dtype), chosen.file
        view = commands.indexed(x, chosen.index)
        told = explain(view)
        if chosen.shape is not None:
            offset = view.ctypes.data - x.ctypes.data
            told = replace(told, owner=f"an imagined array {explain(x).layout} {told.dtype}", offset=offset)
    except (commands.WrongInput, TypeError) as error:
        print(error, file=sys.stderr)
        return WRONG_INPUT
    if chosen.json:
        print(told.to_json())
    else:
        _print(told)
    return 0


def _print(told: object) -> None:
    """In colours on a terminal, where rich is installed."""
    if sys.stdout.isatty():
        try:
            from rich.console import Console
        except ModuleNotFoundError:
            pass
        else:
            Console(soft_wrap=True).print(told)
            return
    print(told)


def _audit(chosen: argparse.Namespace) -> int:
    """Runs a script as Python would; its exit status."""
    from . import auditing, commands

    output = sys.stdout
    try:
        with auditing.audit(chosen.smallest) as found:
            status = commands.run(chosen.script, chosen.arguments, sys.stderr if chosen.json else output)
    except commands.WrongInput as error:
        print(error, file=sys.stderr)
        return WRONG_INPUT
    if chosen.json:
        print(json.dumps(found.to_dict(), indent=2))
    else:
        print(found, file=sys.stderr)
    return status


def _report(chosen: argparse.Namespace) -> int:
    from .results import Unreadable

    try:
        from . import report

        told: list[str] = []
        tell = told.append if chosen.json else print
        paths = report.write(chosen.results, chosen.out, chosen.machine, tell)
        if chosen.json:
            print(json.dumps({"pictures": [str(path) for path in paths], "told": told}, indent=2))
        return 0 if paths else WRONG_INPUT
    except ModuleNotFoundError as error:
        print(f"the pictures need {error.name}: pip install 'strideops[report]'", file=sys.stderr)
    except Unreadable as error:
        print(error, file=sys.stderr)
    return WRONG_INPUT


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m strideops",
        description="Strided arrays: what is copied, and what it costs.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    explain = commands.add_parser(
        "explain",
        help="say what an array's layout is, what copies it, and how to write it so that nothing does",
        description="No element is read and nothing is evaluated. Exit status: 0, or 2 where the input is wrong.",
    )
    explain.add_argument("file", nargs="?", metavar="FILE.npy", help="is mapped, not read; none with --shape")
    explain.add_argument("index", nargs="?", help="of the array, as in '[:, :6]': integers, slices, ... and None")
    explain.add_argument("--shape", help="lengths, as in 6,8, instead of a file")
    explain.add_argument("--dtype", default="float64", help="with --shape (default: float64)")
    explain.add_argument("--json", action="store_true", help="for programs")
    explain.set_defaults(run=_explain)
    audit = commands.add_parser(
        "audit",
        help="run a script, and list which of its calls copied array data, the most bytes first",
        description="The list goes to the standard error, with --json to the standard output, where the script's own "
        "output then goes to the standard error. Exit status: the script's, or 2 where there is none.",
    )
    audit.add_argument("--json", action="store_true", help="for programs")
    audit.add_argument("--smallest", type=int, default=1024, help="bytes of the smallest array (default: 1024)")
    audit.add_argument("script", help="a Python file")
    audit.add_argument("arguments", nargs=argparse.REMAINDER, help="of the script")
    audit.set_defaults(run=_audit)
    report = commands.add_parser(
        "report", help="write pictures of asv's results: heat map, crossover, roofline, history"
    )
    report.add_argument("--results", type=Path, default=Path("results"), help="asv's results_dir (default: results)")
    report.add_argument("--out", type=Path, default=Path("report"), help="where the pictures go (default: report)")
    report.add_argument("--machine", help="of this machine only")
    report.add_argument("--json", action="store_true", help="for programs")
    report.set_defaults(run=_report)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; its exit status: 0, or 2 where the input is wrong."""
    chosen = _parser().parse_args(arguments)
    try:
        status: int = chosen.run(chosen)
        sys.stdout.flush()
    except BrokenPipeError:  # head has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return status


if __name__ == "__main__":
    sys.exit(main())
