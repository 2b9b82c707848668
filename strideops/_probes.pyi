# SPDX-License-Identifier: BSD-3-Clause
from collections.abc import Callable
from typing import Any

def allocated(fn: Callable[..., Any], args: tuple[Any, ...]) -> tuple[int, int, int | None]: ...
