# SPDX-License-Identifier: BSD-3-Clause
"""``python -m strideops``: the command line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

WRONG_INPUT = 2


def _report(chosen: argparse.Namespace) -> int:
    from .results import Unreadable

    try:
        from . import report

        return 0 if report.write(chosen.results, chosen.out, chosen.machine) else WRONG_INPUT
    except ModuleNotFoundError as error:
        print(f"the pictures need {error.name}: pip install 'strideops[report]'", file=sys.stderr)
    except Unreadable as error:
        print(error, file=sys.stderr)
    return WRONG_INPUT


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m strideops", description="Strided arrays: what is copied, and what it costs."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    report = commands.add_parser(
        "report", help="write pictures of asv's results: heat map, crossover, roofline, history"
    )
    report.add_argument("--results", type=Path, default=Path("results"), help="asv's results_dir (default: results)")
    report.add_argument("--out", type=Path, default=Path("report"), help="where the pictures go (default: report)")
    report.add_argument("--machine", help="of this machine only")
    report.set_defaults(run=_report)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; its exit status: 0, or 2 where the input is wrong."""
    chosen = _parser().parse_args(arguments)
    status: int = chosen.run(chosen)
    return status


if __name__ == "__main__":
    sys.exit(main())
