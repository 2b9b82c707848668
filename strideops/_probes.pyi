# SPDX-License-Identifier: BSD-3-Clause
from collections.abc import Callable
from types import CodeType
from typing import Any, Final, final

from numpy.typing import NDArray

WATCHPOINTS: Final[int]
MOST_HITS: Final[int]
MOST_TRAPS: Final[int]
MOST_VISITS: Final[int]

def allocated(fn: Callable[..., Any], args: tuple[Any, ...]) -> tuple[int, int, int | None]: ...
def watch_calls(
    functions: tuple[Callable[..., Any], ...],
    array: type[Any],
    observer: Callable[..., None],
    smallest: int,
    folder: str,
) -> None: ...
def watch_libraries() -> None: ...
def unwatch_calls() -> tuple[list[tuple[CodeType | None, dict[str, Any], int, int, int]], bool]: ...
def find_symbol(address: int) -> tuple[str, int, str | None] | None: ...

@final
class Guard:
    def __new__(
        cls,
        arrays: list[NDArray[Any]],
        spots: list[tuple[int, int, int]],
        file: str,
        level: str,
    ) -> Guard: ...
    def start(self, traceback_signal: int = 0, traceback_file: int = -1) -> None: ...
    def stop(self) -> dict[str, Any]: ...
