# SPDX-License-Identifier: BSD-3-Clause
"""strideops.explain: every verdict beside what really happens, the layout in words, the pictures, the command line."""

import importlib.util
import io
import json
import os
import random
import subprocess
import sys
import sysconfig

import numpy as np
import pytest
import reality
from ccompiler import ROOT, cc, run

import strideops
from benchmarks import patterns
from strideops import drawing, layouts, operations, rules

OLDEST = "2.0.2"
PAIRS = 20_000
QUESTION = np.arange(48).reshape(6, 8)[:, :6]


# Verdicts


@pytest.mark.parametrize("dtype", ["float64", "float32", "int32", "uint8"])
@pytest.mark.parametrize("pattern", patterns.PATTERNS)
def test_verdicts_on_every_pattern(pattern, dtype):
    assert list(reality.disagreements(reality.of_pattern(pattern, 12, dtype))) == []


@pytest.mark.parametrize("pattern", patterns.PATTERNS)
def test_arithmetic_on_every_pattern(pattern):
    x = reality.large_of_pattern(pattern)
    assert reality.is_large(x)
    assert list(reality.weighed(x)) == []


def test_verdicts_on_random_layouts():
    rng = random.Random(0)
    operations_each = sum(each.group not in ("arithmetic", "Cython") for each in operations.OPERATIONS.values())
    for _ in range(PAIRS // operations_each + 1):
        x = reality.draw(rng)
        assert list(reality.disagreements(x)) == []


def test_arithmetic_on_random_layouts():
    rng = random.Random(1)
    for _ in range(200):
        assert list(reality.weighed(reality.draw_large(rng))) == []


@pytest.fixture(scope="module")
def oldest_numpy(tmp_path_factory):
    """A folder with the oldest NumPy that is supported."""
    folder = tmp_path_factory.mktemp("oldest")
    run(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", folder, f"numpy=={OLDEST}")
    return folder


@pytest.mark.skipif(sys.version_info >= (3, 13), reason=f"there is no NumPy {OLDEST} for it; CI's Python is 3.11")
def test_verdicts_with_the_oldest_numpy(oldest_numpy):
    environment = {**os.environ, "PYTHONPATH": str(oldest_numpy)}
    told = run(sys.executable, "-P", reality.__file__, "2", "500", "200", env=environment)
    assert told == f"NumPy {OLDEST}: 0 disagreements\n"


def _declarations():
    """Cython's declarations of every C type, for two axes; of double, for one to four."""
    yield "# cython: language_level=3\nfrom cython cimport view\nfrom libc.stdint cimport *\n"
    wanted = [(c_type, 2) for c_type in rules.C_TYPES.values()] + [("double", axes) for axes in (1, 3, 4)]
    for c_type, axes in wanted:
        x = np.zeros((1,) * axes)
        for code, operation in operations.OPERATIONS.items():
            if operation.group == "Cython":
                facts = rules.Facts(x)
                declared = operation.spelled(facts).replace("double", c_type)
                index = ", ".join(["0"] * axes)
                yield f"def {_function(code, c_type, axes)}(x):\n    {declared}\n"
                yield f"    return <size_t>&v[{index}] if x.size else 0\n\n"


def _function(code, c_type, axes):
    return "".join(c if c.isalnum() else "_" for c in f"{code}{c_type}{axes}")


@pytest.fixture(scope="module")
def declared(tmp_path_factory):
    """An extension with a function for each declaration; they return the address that the memoryview has."""
    folder = tmp_path_factory.mktemp("declared")
    (folder / "declared.pyx").write_text("".join(_declarations()))
    run(sys.executable, "-m", "cython", "-3", "declared.pyx", cwd=folder)
    suffix = sysconfig.get_config_var("EXT_SUFFIX")
    headers = f"-I{sysconfig.get_paths()['include']}"
    cc("-O0", "-w", "-fPIC", "-shared", headers, "declared.c", "-o", f"declared{suffix}", cwd=folder)
    spec = importlib.util.spec_from_file_location("declared", folder / f"declared{suffix}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _declare(declared, code, x):
    function = getattr(declared, _function(code, rules.Facts(x).c_type, x.ndim))
    try:
        return rules.VIEW, x.ctypes.data if x.size else 0, function(x)
    except Exception as error:
        return rules.REFUSES, type(error).__name__, None


def test_cython_declarations_on_random_layouts(declared):
    rng, pairs = random.Random(3), 0
    while pairs < 4000:
        x = reality.draw(rng)
        facts = rules.Facts(x)
        if facts.c_type is None or not (x.ndim == 2 or (x.dtype == np.float64 and 1 <= x.ndim <= 4)):
            continue
        told = operations.verdicts(x)
        for code, operation in operations.OPERATIONS.items():
            if operation.group != "Cython":
                continue
            outcome, detail, address = _declare(declared, code, x)
            assert outcome == told[code].outcome, (code, x.shape, x.strides, x.dtype, detail, told[code])
            assert detail == (told[code].error if outcome == rules.REFUSES else address)
            pairs += 1


@pytest.mark.parametrize("x", [np.zeros(()), np.zeros((2, 2), bool), np.zeros((2, 2), np.float16)])
def test_what_cython_cannot_declare(x):
    told = operations.verdicts(x)
    found = {told[code].error for code, each in operations.OPERATIONS.items() if each.group == "Cython"}
    assert found == {"CompileError"}


def test_there_are_enough_operations():
    assert len(operations.OPERATIONS) >= 40


def test_every_verdict_has_a_reason_and_every_copy_a_way_out():
    for pattern in patterns.PATTERNS:
        _, view = patterns.make(pattern, 64, "float64")
        for code, verdict in strideops.explain(view).copies.items():
            assert verdict.reason, code
            assert not verdict.reason.endswith(".")
            copies = verdict.outcome in (rules.COPIES, rules.CHUNKS) or "before it raises" in verdict.reason
            assert (verdict.bytes > 0) == copies
            assert bool(verdict.error) == (verdict.outcome == rules.REFUSES)


# The layout


def test_the_question():
    told = strideops.explain(QUESTION)
    assert (told.layout, told.canonical, told.nbytes, told.span) == ("(6,6):(64,8)", "(6,6):(64,8)", 288, 368)
    assert (told.holes, told.unit_stride, told.mergeable) == (((5, 16),), (1,), ())
    assert (told.owner, told.offset, told.writeable, told.overlap) == ("an array (48):(8) int64", 0, True, "none")
    assert str(told.copies["x.ravel()"]) == "copies 288 bytes"
    assert told.cython == "cdef int64_t[:, :] v = x"
    assert told.copies[told.cython].outcome == rules.VIEW
    assert told.copies["f((int64_t *) x.data, 6, 6)"].outcome == rules.WRONG
    text = str(told)
    assert "holes: 5 of 16 bytes" in text
    assert "void f(int64_t *x, ptrdiff_t n0, ptrdiff_t n1, ptrdiff_t s0, ptrdiff_t s1);" in text
    assert len(text.splitlines()) <= 60
    assert max(map(len, text.splitlines())) <= 120


def _touched(x):
    """Bytes of memory that belong to an element, as addresses."""
    addresses = np.array([x.ctypes.data])
    for length, stride in zip(x.shape, x.strides, strict=True):
        addresses = (addresses[:, None] + np.arange(length) * stride).ravel()
    return np.unique((addresses[:, None] + np.arange(x.itemsize)).ravel())


def test_bytes_and_cache_lines_are_counted_right():
    """Beside the addresses of all elements."""
    rng, exact = random.Random(5), 0
    for _ in range(1500):
        x = reality.draw(rng)
        told, own = strideops.explain(x), _touched(x)
        lines = len(np.unique(own // layouts.LINE))
        if told.overlap == "elements may share memory":
            assert told.lines >= lines
            continue
        exact += 1
        assert told.lines == lines
        assert told.lines_used == pytest.approx(len(own) / (lines * layouts.LINE) if lines else 1)
        assert told.span == (own[-1] - own[0] + 1 if len(own) else 0)
        assert (told.overlap == "none") == (len(own) == x.nbytes)
        if told.overlap == "none":
            assert sum(count * length for count, length in told.holes) == told.span - len(own)
    assert exact > 1400


@pytest.mark.parametrize(
    ("x", "owner", "offset"),
    [
        (np.zeros((4, 6))[1:, 2:], "an array (4,6):(48,8) float64", 64),
        (np.zeros(3), "its own memory", 0),
        (np.frombuffer(bytes(80), "f8")[3:], "a bytes", 24),
        (np.lib.stride_tricks.sliding_window_view(np.zeros(9), 3), "an array (9):(8) float64", 0),
    ],
)
def test_owners(x, owner, offset):
    told = strideops.explain(x)
    assert (told.owner, told.offset) == (owner, offset)


def test_critical_strides_alignment_and_flags():
    told = strideops.explain(np.zeros((512, 512))[:, :4])
    assert told.critical == (0,)
    assert "critical stride, 4,096 bytes" in str(told)
    records = np.zeros((4, 5), [("tag", "u1"), ("value", "f8")])["value"]
    assert not strideops.explain(records).aligned
    assert "unaligned" in str(strideops.explain(records))
    assert "read-only, elements share memory" in str(strideops.explain(np.broadcast_to(np.zeros(3), (4, 3))))
    start = np.zeros(4096, np.uint8)
    first = -start.ctypes.data % 1024
    assert strideops.explain(start[first : first + 8]).alignment >= 1024


@pytest.mark.parametrize("x", [np.zeros(()), np.zeros((0, 3)), np.zeros((1, 1)), np.zeros(5)[:: 0 or -1]])
def test_small_ones(x):
    told = strideops.explain(x)
    assert str(told)
    assert told._repr_html_().startswith("<svg")


@pytest.mark.parametrize(
    ("x", "words"),
    [
        ([1, 2], "wants an ndarray, got list"),
        (3.0, "wants an ndarray, got float"),
        (np.ma.array([1, 2]), "wants a plain ndarray, and MaskedArray"),
        (np.array([None]), "numbers and booleans, got object"),
        (np.array(["a"]), "numbers and booleans, got <U1"),
        (np.array(["2026-11-29"], "M8[D]"), r"numbers and booleans, got datetime64\[D\]"),
    ],
)
def test_refusals(x, words):
    with pytest.raises(TypeError, match=words):
        strideops.explain(x)


def test_mapped_files_are_explained(tmp_path):
    x = np.lib.format.open_memmap(tmp_path / "x.npy", "w+", np.float64, (4, 6))
    assert strideops.explain(x[:, ::2]).layout == "(4,3):(48,16)"


def test_no_element_is_read(tmp_path):
    """Of memory that may not be read: pages of a file that has been cut off."""
    code = """
import mmap, sys, numpy as np, strideops
with open(sys.argv[1], "wb+") as file:
    file.truncate(1 << 16)
    x = np.frombuffer(mmap.mmap(file.fileno(), 1 << 16), np.float64).reshape(64, -1)[:, ::2]
    file.truncate(0)
print(strideops.explain(x).layout)
"""
    told = run(sys.executable, "-P", "-c", code, tmp_path / "cut")
    assert told == "(64,64):(1024,16)\n"


# How it is shown


def test_json_says_the_same():
    told = strideops.explain(QUESTION)
    read = json.loads(told.to_json())
    assert read["layout"] == told.layout
    assert read["copies"]["x.ravel()"] == {
        "outcome": "copies",
        "reason": "x is not C-contiguous",
        "bytes": 288,
        "instead": rules.STRIDED_OP,
        "error": "",
    }
    assert set(read) == set(told.to_dict())


def test_drawings_name_what_lies_where():
    drawn = drawing.text(drawing.cells((6, 6), (64, 8), 8, 0), 8, 0)
    assert drawn[0] == "| X00 X01 X02 X03 X04 X05 ··  ··  |"
    assert len(drawn) == 6
    reverse = drawing.text(drawing.cells((3,), (-16,), 8, 0), 8, 0)
    assert reverse == ["| X2 ·· X1 ·· X0 ·· ·· ·· |"]
    far = drawing.cells((10**6, 10**6), (10**9, 1000), 8, 8)
    assert [cell.name for cell in far[0]] == ["", "X[0,0]", ""]
    assert len(far) <= drawing.LINES


def test_every_element_of_a_small_array_is_drawn_where_it_lies():
    rng = random.Random(7)
    for _ in range(300):
        x = reality.draw(rng, (1, 2, 3))
        low, _ = layouts.extent(x.shape, x.strides)
        offset = (x.ctypes.data + low) % layouts.LINE
        begin = x.ctypes.data + low - offset
        for line in drawing.cells(x.shape, x.strides, x.itemsize, offset):
            for cell in line:
                if cell.name:
                    index = cell.name[1:].strip("[]")
                    at = tuple(map(int, index.split(",") if "," in index else index))
                    place = x.ctypes.data + sum(i * s for i, s in zip(at, x.strides, strict=True)) - begin
                    assert place <= cell.start < cell.stop <= place + x.itemsize


def test_large_arrays_are_summarized():
    told = strideops.explain(np.zeros((3000, 4000))[:, ::3])
    assert len(str(told).splitlines()) < 70
    assert "more cache lines" in str(told)
    assert len(told._repr_html_()) < 30_000


def test_html_has_a_picture_and_is_escaped():
    page = strideops.explain(patterns.zeros((6, 8), "int64")[:, :6])._repr_html_()
    assert page.count("<rect") == 36 + 6
    assert "X55" in page
    assert "<table>" in page
    assert "-> " not in page


def test_rich_prints_the_same():
    from rich.console import Console

    console = Console(width=200, record=True, file=io.StringIO())
    told = strideops.explain(QUESTION)
    console.print(told)
    printed = [line.rstrip() for line in console.export_text().splitlines()]
    assert printed == [line.rstrip() for line in str(told).splitlines()]


# The command line


def command(*arguments):
    """(exit status, what it printed, what it complained of)."""
    done = subprocess.run(
        [sys.executable, "-P", "-m", "strideops", *map(str, arguments)], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout, done.stderr


def test_a_shape_without_data():
    status, told, _ = command("explain", "--shape", "6,8", "--dtype", "int64", "[:, :6]")
    assert status == 0
    assert "copies 288 bytes" in told
    assert "an imagined array (6,8):(64,8) int64" in told


def test_a_file_that_is_larger_than_memory(tmp_path):
    path = tmp_path / "large.npy"
    with open(path, "wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "<f8", "fortran_order": False, "shape": (36000, 36000)})
        file.truncate(file.tell() + 8 * 36000**2)
    status, told, _ = command("explain", path, "[:, ::3]", "--json")
    read = json.loads(told)
    assert (status, read["layout"], read["nbytes"]) == (0, "(36000,12000):(288000,24)", 3_456_000_000)


@pytest.mark.parametrize(
    "index",
    ["[x]", "[1.5]", "[True]", "[__import__('os').abort()]", "[:, 1:'a']", ":6", "[[1, 2]]", "[0](1)", "[1][2]", "[]",
     "[()]", "[0, 0, 0]", "[99]", "[::0]", "[..., ...]", "[" * 500 + "]" * 500, "[1] or x[2]"],
)  # fmt: skip
def test_an_index_is_never_evaluated(index):
    status, told, complaint = command("explain", "--shape", "6,8", "--", index)
    assert (status, told) == (2, "")
    assert len(complaint.splitlines()) == 1
    assert "the index" in complaint


@pytest.mark.parametrize(("index", "layout"), [
    ("[0]", "(8):(8)"), ("[-1, -2]", "():()"), ("[..., None, ::-2]", "(6,1,4):(64,0,-16)"),
    (" [1:, :6] ", "(5,6):(64,8)"),
])  # fmt: skip
def test_indices(index, layout):
    status, told, _ = command("explain", "--shape", "6,8", "--json", "--", index)
    assert (status, json.loads(told)["layout"]) == (0, layout)


@pytest.fixture
def bad_files(tmp_path):
    np.save(tmp_path / "objects.npy", np.array([1, "a"], object), allow_pickle=True)
    np.save(tmp_path / "words.npy", np.array(["a"]))
    np.save(tmp_path / "long.npy", np.zeros(100))
    (tmp_path / "truncated.npy").write_bytes((tmp_path / "long.npy").read_bytes()[:300])
    (tmp_path / "other.npy").write_text("no array")
    (tmp_path / "nothing.npy").touch()
    np.savez(tmp_path / "several.npz", a=1)
    return tmp_path


@pytest.mark.parametrize(
    "name", ["objects.npy", "words.npy", "truncated.npy", "other.npy", "nothing.npy", "several.npz", "missing.npy", ""]
)
def test_what_is_no_array_file_is_refused(bad_files, name):
    status, told, complaint = command("explain", bad_files / name)
    assert (status, told) == (2, "")
    assert len(complaint.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "a .npy file, or --shape"),
        (("--shape", "6,a"), "--shape takes lengths"),
        (("--shape", "6", "--dtype", "nothing"), "--dtype a name"),
        (("--shape=-3",), "--shape -3"),
        (("--shape", "6", "--dtype", "object"), "numbers and booleans"),
        (("--shape", "6", "x.npy", "[0]"), "not both"),
    ],
)
def test_wrong_arguments(arguments, words):
    status, told, complaint = command("explain", *arguments)
    assert (status, told) == (2, "")
    assert words in complaint
    assert len(complaint.splitlines()) == 1


def test_help_shows_examples():
    status, told, _ = command("--help")
    assert status == 0
    assert 'explain photo.npy "[:, :, 1]"' in told


def test_a_reader_that_has_seen_enough():
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-P", "-m", "strideops", "explain", "--shape", "6"],
        stdout=write,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (0, b"")


def test_documents_count_the_operations():
    for name in ("README.md", "CHANGELOG.md"):
        assert f"{len(operations.OPERATIONS)} operations" in (ROOT / name).read_text()
