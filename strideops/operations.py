# SPDX-License-Identifier: BSD-3-Clause
"""Operations of NumPy, Python, Cython and C, and what each does with an array's memory.

Every verdict is tested against what really happens, on the oldest and the newest NumPy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from . import arithmetic, exports, rules

__all__ = ["OPERATIONS", "Operation", "verdicts"]


@dataclass(frozen=True)
class Operation:
    """An operation as a person writes it; the array is ``x``, ``v`` a vector as long as its last axis.

    Words in braces stand for what depends on the array; `spelled` has them written out.
    """

    code: str
    group: str
    rule: rules.Rule

    def spelled(self, facts: rules.Facts) -> str:
        """The code for an array of this layout and dtype."""
        if "{" not in self.code:
            return self.code
        axes = facts.ndim
        words = {
            "strided": [":"] * axes,
            "last": [*["::view.strided"] * (axes - 1), "::view.contiguous"],
            "c": [*[":"] * (axes - 1), "::1"],
            "fortran": ["::1", *[":"] * (axes - 1)],
            "lengths": map(str, facts.shape),
            "strides": map(str, facts.strides),
        }
        return self.code.format(T=facts.c_type or "T", **{name: ", ".join(parts) for name, parts in words.items()})


VIEWS = "only shape and strides change"
_GROUPS: dict[str, dict[str, rules.Rule]] = {
    "shape and order": {
        "x.ravel()": rules.if_contiguous("C", rules.VIEW),
        "x.ravel('F')": rules.if_contiguous("F", rules.VIEW),
        "x.ravel('A')": rules.ravel_any,
        "x.ravel('K')": rules.ravel_k,
        "x.reshape(-1)": rules.reshape("C"),
        "x.reshape(-1, order='F')": rules.reshape("F"),
        "x.reshape(-1, copy=False)": rules.reshape_or_refuse,
        "x.shape = x.size": rules.shape_of_one_axis,
        "x.flatten()": rules.flatten,
        "x.T": rules.always(rules.VIEW, VIEWS),
        "x.T.ravel()": rules.if_contiguous("F", rules.VIEW),
        "np.squeeze(x)": rules.squeeze,
        "np.flip(x)": rules.flip,
        "np.broadcast_to(x, (2, *x.shape))": rules.always(rules.VIEW, VIEWS),
    },
    "conversion": {
        "np.asarray(x)": rules.always(rules.SAME, "it is an array already"),
        "np.array(x)": rules.new("np.array copies unless it is told otherwise", "np.asarray(x)"),
        "np.array(x, copy=False)": rules.always(rules.SAME, "it is an array already"),
        "np.asarray(x, order='C')": rules.if_contiguous("C", rules.SAME),
        "np.asarray(x, order='F')": rules.if_contiguous("F", rules.SAME),
        "np.ascontiguousarray(x)": rules.one_axis_at_least(rules.if_contiguous("C", rules.SAME)),
        "np.asfortranarray(x)": rules.one_axis_at_least(rules.if_contiguous("F", rules.SAME)),
        "np.require(x, requirements='C')": rules.if_contiguous("C", rules.SAME),
        "x.copy()": rules.new("that is what it is for", ""),
        "x.astype(x.dtype)": rules.new("astype copies unless it is told otherwise", "x.astype(x.dtype, copy=False)"),
        "x.astype(x.dtype, copy=False)": rules.always(rules.SAME, "it has this dtype"),
        "x.view(np.uint8)": rules.view_bytes,
    },
    "index": {
        "x[...]": rules.always(rules.VIEW, "a slice is a view"),
        "x[None]": rules.always(rules.VIEW, VIEWS),
        "x[::2]": rules.with_axes(rules.always(rules.VIEW, "a slice is a view"), "IndexError"),
        "x[np.arange(len(x))]": rules.with_axes(rules.rows, "TypeError"),
        "x[np.ones(x.shape, bool)]": rules.rows,
    },
    "bytes and buffers": {
        "x.tobytes()": rules.new("bytes have memory of their own", "memoryview(x)"),
        "memoryview(x)": rules.always(rules.VIEW, "a view with shape and strides"),
        "memoryview(x).cast('B')": exports.cast,
        "np.frombuffer(x, x.dtype)": exports.from_buffer,
        "pickle.dumps(x, 5)": rules.new("the bytes of a pickle are its own", "pickle.dumps(x, 5, buffer_callback=...)"),
        "pickle.dumps(x, 5, buffer_callback=buffers.append)": exports.pickle_out_of_band,
        "np.from_dlpack(x)": exports.dlpack,
        "torch.from_numpy(x)": exports.torch_from_numpy,
        "hashlib.sha256(x)": exports.simple_buffer,
        "np.ctypeslib.as_ctypes(x)": exports.as_ctypes,
    },
    "arithmetic": {
        "np.sum(x)": arithmetic.summation,
        "x.max()": arithmetic.loop("strideops.strided.max(x)"),
        "x + 1": arithmetic.loop(""),
        "np.add(x, 1, out=np.empty_like(x, order='C'))": arithmetic.loop("", out=True),
        "np.argmax(x)": arithmetic.argmax,
        "np.cumsum(x)": arithmetic.cumsum,
        "np.linalg.norm(x)": arithmetic.norm,
        "np.vdot(x, x)": arithmetic.vdot,
        "np.dot(x, v)": rules.with_axes(arithmetic.dot, ""),
        "x @ v": rules.with_axes(arithmetic.matmul, "ValueError"),
    },
    "Cython": {
        "cdef {T}[{strided}] v = x": exports.typed_memoryview("", const=False),
        "cdef const {T}[{strided}] v = x": exports.typed_memoryview("", const=True),
        "cdef {T}[{last}] v = x": exports.typed_memoryview("last", const=False),
        "cdef const {T}[{last}] v = x": exports.typed_memoryview("last", const=True),
        "cdef {T}[{c}] v = x": exports.typed_memoryview("C", const=False),
        "cdef const {T}[{c}] v = x": exports.typed_memoryview("C", const=True),
        "cdef {T}[{fortran}] v = x": exports.typed_memoryview("F", const=False),
        "cdef const {T}[{fortran}] v = x": exports.typed_memoryview("F", const=True),
    },
    "C": {
        "f(({T} *) x.data, {lengths})": exports.packed_pointer,
        "f(({T} *) x.data, {lengths}, {strides})": exports.strided_pointer,
    },
}

OPERATIONS = {
    code: Operation(code, group, rule) for group, members in _GROUPS.items() for code, rule in members.items()
}


def verdicts(x: NDArray[Any]) -> dict[str, rules.Verdict]:
    """What every operation would do with an array; nothing is called."""
    facts = rules.Facts(x)
    return {code: operation.rule(facts) for code, operation in OPERATIONS.items()}
