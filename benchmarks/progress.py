# SPDX-License-Identifier: BSD-3-Clause
"""How far a long command is: bars at a terminal, now and then a line in a log."""

from contextlib import contextmanager


@contextmanager
def tasks():
    """Gives `begin(what, total)`, which gives `advance(what=None)`: one step, and what comes next."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    console = Console()
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    columns += (TextColumn("{task.description}"),)
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:

        def begin(what, total):
            task = progress.add_task(what, total=total)
            done = 0
            if not console.is_terminal:
                print(f"{what}: {total}\n", end="", flush=True)  # whole, whoever else prints

            def advance(next_one=None):
                nonlocal done
                done += 1
                progress.advance(task)
                if next_one:
                    progress.update(task, description=next_one)
                    if not console.is_terminal:
                        print(f"{done} of {total}: {next_one}\n", end="", flush=True)

            return advance

        yield begin
