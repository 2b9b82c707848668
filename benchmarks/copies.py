# SPDX-License-Identifier: BSD-3-Clause
"""asv: who copies a strided operand? Our calls on the strided path, and NumPy's own calls beside them.

`make numpy-copies` writes the table of NumPy's calls to results/numpy_copies.md.
"""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

import strideops

from . import cases, patterns

SIZE = 512

# NumPy's calls on one operand. Those of two get a second one of the same pattern, or a vector.
NUMPY = {
    "x.sum()": lambda x: x.sum(),
    "x.sum(0)": lambda x: x.sum(0),
    "x.sum(-1)": lambda x: x.sum(-1),
    "x.max()": lambda x: x.max(),
    "x.max(0)": lambda x: x.max(0),
    "x.argmax()": lambda x: x.argmax(),
    "x.argmax(0)": lambda x: x.argmax(0),
    "x.mean()": lambda x: x.mean(),
    "np.linalg.norm(x.ravel('K'))": lambda x: np.linalg.norm(x.ravel("K")),
    "np.vdot(x, x)": lambda x: np.vdot(x, x),
    "np.dot(x, v)": lambda x: np.dot(x, np.ones(x.shape[-1], x.dtype)),
    "x @ v": lambda x: x @ np.ones(x.shape[-1], x.dtype),
    "np.einsum(x, axes, [])": lambda x: np.einsum(x, range(x.ndim), []),
    "np.add(x, 1)": lambda x: np.add(x, 1),
    "np.less(x, 1)": lambda x: np.less(x, 1),
    "np.sqrt(x)": lambda x: np.sqrt(x),
    "np.cumsum(x)": lambda x: np.cumsum(x),
    "x.reshape(-1)": lambda x: x.reshape(-1),
    "x.ravel()": lambda x: x.ravel(),
    "x.tobytes()": lambda x: x.tobytes(),
    "np.ascontiguousarray(x)": lambda x: np.ascontiguousarray(x),
}


def _randomize(array):
    """Contents that are not found elsewhere by chance."""
    array[...] = np.random.default_rng(0).random(array.shape)


def _trace(function, arguments, readers):
    """Evidence about the arrays among the arguments, of the second call."""
    trace_copy = getattr(strideops, "trace_copy", None)
    if trace_copy is None:
        raise NotImplementedError
    function(*arguments)
    return trace_copy(function, *arguments, readers=readers)


def _unwelcome(evidence):
    """Readers of the operands that should not read them."""
    return sum(" read it" in reason for reason in evidence.reasons)


class Strided:
    """Our calls: 0 bytes copied, no reader but ours, and no more memory than the objects of a call."""

    version = "1"
    param_names = ("call", "pattern")
    params = ([call for call in cases.CALLS if not call.startswith("copyto")], list(patterns.PATTERNS))

    def setup(self, call, pattern):
        self.case = cases.prepare("strided", call, pattern, SIZE, "float64")
        for argument in self.case[1]:
            if isinstance(argument, np.ndarray) and argument.flags.writeable:
                _randomize(argument)

    def track_copied(self, call, pattern):
        evidence = _trace(*self.case, "strideops")
        return sum(evidence.copied(array) for array in range(len(evidence.layouts)))

    def track_readers(self, call, pattern):
        return _unwelcome(_trace(*self.case, "strideops"))

    def track_requested(self, call, pattern):
        """All that a call allocates, its Python objects too: what is small and constant shows here alone."""
        return cases.requested(*self.case)

    track_copied.unit = "bytes"
    track_readers.unit = "readers"
    track_requested.unit = "bytes"


class Kernels:
    """The portable kernels with a call at each load and store (tests/c/store_counter.c): 0 is good.

    Stores are those on the stack that every further element of a row costs; a copy in chunks costs one. Loads are
    those of an element beyond the first.
    """

    version = "1"
    timeout = 600
    param_names = ("op", "dtype")
    params = (
        ["copy", "pack", "scale", "axpy", "sum", "dot", "norm", "min", "max", "argmin", "argmax"],
        ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64"],
    )

    def setup_cache(self):
        """By op and dtype: loads and stores; empty where they cannot be counted."""
        kernels = Path(getattr(strideops, "get_include", str)(), "kernels")
        if not shutil.which("gcc") or not (kernels / "portable.c").exists():
            return {}
        with tempfile.TemporaryDirectory() as folder:
            return count_accesses(kernels, folder)

    def setup(self, counted, op, dtype):
        if (op, dtype) not in counted:
            raise NotImplementedError

    def track_stores(self, counted, op, dtype):
        return counted[op, dtype][1]

    def track_loads(self, counted, op, dtype):
        return counted[op, dtype][0] - 1 if counted[op, dtype][0] else 0

    track_stores.unit = "stores per element"
    track_loads.unit = "loads per element"


def count_accesses(kernels, folder):
    """What store_counter prints, of kernels that are compiled with gcc's thread sanitizer and no runtime."""
    counter = Path(__file__).parents[1] / "tests/c/store_counter.c"
    include = ["-std=c11", "-ffp-contract=off", "-fno-math-errno", f"-I{kernels.parent}"]
    objects = []
    for source in sorted(kernels.glob("*.c")):
        how = ["-O0"] if source.stem.startswith("avx") else ["-O2", "-fsanitize=thread"]
        subprocess.run(["gcc", *include, *how, "-c", source], cwd=folder, check=True, capture_output=True)
        objects.append(f"{source.stem}.o")
    wrapped = [f"-Wl,--wrap={name}" for name in ("memcpy", "memmove", "memset")]
    command = ["gcc", *include, "-O2", counter, *objects, *wrapped, "-lm", "-o", "counter"]
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
    except subprocess.CalledProcessError:  # an old core, of which the counter knows too little
        return {}
    text = subprocess.run([f"{folder}/counter"], check=True, capture_output=True, text=True).stdout
    counted = {}
    for op, number, operands, stack in re.findall(r"^(\w+) (\d)(.*) between \d+ stack (.*)$", text, re.MULTILINE):
        # Reads of the first operand that is read: a copy's is the second.
        reads = [int(most) for most in re.findall(r"\d+-(\d+)/", operands)]
        dtype = Kernels.params[1][int(number)]
        counted[op, dtype] = (reads[1] if op in {"copy", "pack"} else reads[0], float(stack))
    return counted


class NumPy:
    """NumPy's own calls: the bytes that they copy out of a strided operand."""

    version = "1"
    param_names = ("call", "pattern")
    params = (list(NUMPY), list(patterns.PATTERNS))

    def setup(self, call, pattern):
        self.x = operand(pattern)

    def track_copied(self, call, pattern):
        return numpy_evidence(call, self.x).copied()

    track_copied.unit = "bytes"


def operand(pattern):
    base, x = patterns.make(pattern, SIZE, "float64")
    _randomize(x if x.flags.writeable else base)
    return x


def numpy_evidence(call, x):
    """NumPy and its BLAS may read."""
    try:
        return _trace(NUMPY[call], (x,), ("numpy", "openblas", "mkl"))
    except (ValueError, TypeError):  # shapes that the call does not take
        raise NotImplementedError from None


def _cell(call, pattern):
    x = operand(pattern)
    try:
        evidence = numpy_evidence(call, x)
    except NotImplementedError:
        return ""
    if evidence.verdict != "copied":
        return "-"
    return f"{100 * evidence.copied() / x.nbytes:.0f} %" if 2 * evidence.copied() > x.nbytes else "chunks"


def main():
    shown = [name for name in patterns.PATTERNS if name != "contiguous"]
    lines = [
        "# Which of NumPy's own calls copy a strided operand",
        "",
        f"NumPy {np.__version__}, {SIZE} x {SIZE} float64, by `make numpy-copies`. A share is that of the "
        'operand\'s bytes that were copied, at least; "chunks" pass through a buffer by other means than memcpy; '
        '"-" is no copy that was seen.',
        "",
        "| call | " + " | ".join(f"`{patterns.PATTERNS[name].code}`" for name in shown) + " |",
        "|---|" + "---|" * len(shown),
    ]
    for call in NUMPY:
        lines.append(f"| `{call}` | " + " | ".join(_cell(call, name) for name in shown) + " |")
    text = "\n".join(lines) + "\n"
    (Path(__file__).parent.parent / "results/numpy_copies.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
