# SPDX-License-Identifier: BSD-3-Clause
"""Who reads an array: from addresses of instructions to modules, functions and lines."""

from __future__ import annotations

import contextlib
import faulthandler
import os
import re
import signal
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass

from . import _probes

__all__ = ["Reader"]

JIT = "generated code"


@dataclass(frozen=True)
class Reader:
    """Code that accessed watched elements of an array.

    Attributes
    ----------
    module : str
        Of Python's, as ``numpy._core._multiarray_umath``, or the file name of a library.
    function : str or None
        Where the library exports its name.
    address : int
        In the library, for addr2line and disassemblers.
    caller : str or None
        Of a function of the C library: the module that called it.
    line : str or None
        ``file:line`` in Python; None where that could not be asked.
    seen : int
        Watched elements (in layer "pages" watched pages) that it accessed, of `watched`.
    watched : int
    accesses : int
        Instructions that accessed them.
    """

    module: str
    function: str | None
    address: int
    caller: str | None
    line: str | None
    seen: int
    watched: int
    accesses: int

    @property
    def in_libc(self) -> bool:
        """The C library's functions read arrays to copy them."""
        return is_libc(self.module)

    def matches(self, name: str) -> bool:
        """Whether `name` is its function, its module, a package around that, or a part of a library's name."""
        if name in {self.function, self.module} or self.module.startswith(f"{name}."):
            return True
        return ".so" in self.module and name in self.module.split(".so")[0]

    def __str__(self) -> str:
        function = f" {self.function}" if self.function else f" at 0x{self.address:x}"
        caller = f", called by {self.caller}" if self.caller else ""
        line = f", {self.line}" if self.line else ""
        return f"{self.module}{function}{caller}{line}"


def is_libc(module: str) -> bool:
    """A C library by its file name: glibc's, musl's."""
    return re.match(r"(libc[.-]|libc\.so|ld-musl|libc\.musl)", module) is not None


_modules: dict[str, str] = {}


def find_module(path: str) -> str:
    """The name under which Python knows a library, else its file name."""
    if path not in _modules:
        _modules[path] = _find_module(path)
    return _modules[path]


def _find_module(path: str) -> str:
    real = os.path.realpath(path)
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and file.endswith((".so", ".pyd")) and os.path.realpath(file) == real:
            return name
    return os.path.basename(path) or "python"


def find_code(address: int) -> tuple[str, str | None, int]:
    """Module, function and address in the library, of the code at an address."""
    symbol = _probes.find_symbol(address)
    if symbol is None:
        return JIT, None, address
    path, offset, function = symbol
    return find_module(path), function, offset


def find_line(text: str, file: str) -> str | None:
    """Of a traceback of faulthandler's, innermost first: the first line in this file, else the first one."""
    frames = re.findall(r'^  File "(.*)", line (\d+) in ', text, re.MULTILINE)
    named = [frame for frame in frames if frame[0] == file] or frames
    return f"{named[0][0]}:{named[0][1]}" if named else None


class Tracebacks:
    """Python's lines, written down in the middle of C code: a signal that faulthandler answers into a file."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._signal = 0
        self._file = -1

    def begin(self) -> tuple[int, int]:
        """Signal and file; (0, -1) where that cannot be had."""
        with self._lock:
            if self._users == 0:
                self._begin()
            self._users += 1
            return self._signal, self._file

    def _begin(self) -> None:
        self._signal, self._file = 0, -1
        if not hasattr(faulthandler, "register") or not hasattr(os, "memfd_create"):
            return
        with contextlib.suppress(OSError, ValueError):
            for number in range(signal.SIGRTMAX, signal.SIGRTMIN, -1):
                if signal.getsignal(number) is signal.SIG_DFL:
                    self._file = os.memfd_create("strideops tracebacks")
                    faulthandler.register(number, file=self._file, all_threads=False, chain=False)
                    self._signal = number
                    return

    def end(self) -> str:
        """What was written since the first `begin`, in front of which all offsets lie."""
        with self._lock:
            self._users -= 1
            text = self._read()
            if self._users == 0:
                if self._signal:
                    faulthandler.unregister(self._signal)
                if self._file >= 0:
                    os.close(self._file)
            return text

    def _read(self) -> str:
        if self._file < 0:
            return ""
        size = os.fstat(self._file).st_size
        return os.pread(self._file, size, 0).decode("ascii", errors="replace") if size else ""


tracebacks = Tracebacks()


def readers_of(
    hits: list[tuple[int, int, int, int, int, str | None, int]], array: int, watched: int, text: str, file: str
) -> Iterator[Reader]:
    """The readers of one array, of which `watched` elements or pages were watched; the most accesses first.

    hits : (array, address behind the instruction, address of the caller, spots as bits, count, line, offset in `text`)
    """
    found: dict[tuple[str, str | None, str | None], list[tuple[int, int, str | None, int]]] = {}
    for of, instruction, caller, spots, count, line, offset in hits:
        if of == array:
            module, function, address = find_code(instruction - 1)
            called_by = find_code(caller - 1)[0] if caller else None
            if module != _probes.__name__:
                found.setdefault((module, function, called_by), []).append(
                    (spots, count, line or (find_line(text[offset:], file) if offset >= 0 else None), address)
                )
    for (module, function, called_by), seen in sorted(found.items(), key=lambda item: -sum(hit[1] for hit in item[1])):
        lines = [line for _, _, line, _ in seen if line]
        spots = 0
        for bits, _, _, _ in seen:
            spots |= bits
        yield Reader(
            module=module,
            function=function,
            address=seen[0][3],
            caller=called_by,
            line=next(iter(lines), None),
            seen=spots.bit_count(),
            watched=watched,
            accesses=sum(count for _, count, _, _ in seen),
        )
