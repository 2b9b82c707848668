# SPDX-License-Identifier: BSD-3-Clause
"""Regressions of every kind, planted in the source of a commit: what the gate's calibration must catch.

Every result stays right. A plant whose place is gone from the source is an error, not a plant that does nothing.
"""

import shutil
from dataclasses import dataclass

from ..repository import ROOT, Refused, git

RUN = "csrc/kernels/run.c"
LAYOUT = "csrc/kernels/layout.c"
ARGUMENTS = "(so_isa isa, so_op op, so_dtype dtype, so_layout *layout)"
BODY_OF_RUN = f"void so_run_with{ARGUMENTS}\n{{\n"


@dataclass(frozen=True)
class Injection:
    """A change of one file.

    Attributes
    ----------
    name : str
    says : str
        What is wrong, as a person would put it.
    path, place, plant : str
        The file, the text in it, and what stands there instead.
    copies : bool
        It copies the operand, or a part of it.
    """

    name: str
    says: str
    path: str
    place: str
    plant: str
    copies: bool = False


def _in_run(name, says, code, copies=False, before=""):
    """Code at the start of every op; `before` stands before the function."""
    planted = f"{BODY_OF_RUN}{code}    run_as_ever(isa, op, dtype, layout);\n}}\n\n"
    rest = f"static void run_as_ever{ARGUMENTS}\n{{\n"
    return Injection(
        name, says, RUN, BODY_OF_RUN, f"static void run_as_ever{ARGUMENTS};\n{before}{planted}{rest}", copies
    )


# Memory of so many bytes with that many elements of the first operand that is read.
COPY = """    int from = op == SO_COPY || op == SO_PACK;
    ptrdiff_t size = so_size(layout), count = {count};
    count = count < size ? count : size;
    char *volatile copy = malloc((size_t)count * 8 + 8);
    so_layout part;
    part.ndim = layout->ndim;
    part.noperands = 2;
    part.data[0] = copy;
    part.data[1] = layout->data[from];
    ptrdiff_t step = so_itemsize(dtype), left = count;
    for (int axis = layout->ndim - 1; axis >= 0; axis--) {{
        part.shape[axis] = layout->shape[axis] < left ? layout->shape[axis] : left;
        left = part.shape[axis] ? left / part.shape[axis] : 0;
        left = left ? left : 1;
        part.stride[0][axis] = step;
        part.stride[1][axis] = layout->stride[from][axis];
        step *= part.shape[axis];
    }}
    run_as_ever(isa, SO_COPY, dtype, &part);
    free(copy);
"""

# Iterations of a loop at the start of every op; the worker sets their number.
DELAY = _in_run(
    "delay",
    "extra work of a given share",
    '    for (long i = 0; i < so_delay; i++)\n        __asm__ volatile("" ::: "memory");\n',
    before='extern long so_delay;\n__attribute__((visibility("default"))) long so_delay = 0;\n\n',
)

EXTRA_PASS = """    if (so_inputs(op) && reduced_axes(layout, so_inputs(op)) == layout->ndim) {
        char result[8] = {0};
        so_layout again = *layout;
        again.data[so_inputs(op)] = result;
        run_as_ever(isa, op, dtype, &again);
    }
"""

PLANTED = (
    _in_run("extra-pass", "reductions read the data twice", EXTRA_PASS),
    Injection(
        "no-vectors",
        "the kernels are compiled without vectors",
        "meson.build",
        "kernel_args = cc.get_supported_arguments(",
        "kernel_args = cc.get_supported_arguments('-fno-tree-vectorize', '-fno-tree-slp-vectorize', ",
    ),
    Injection(
        "axis-order",
        "axes are walked in the order in which they come",
        LAYOUT,
        "    sort_axes(layout, leading);\n",
        "    (void)sort_axes;\n",
    ),
    Injection("no-merge", "axes are not merged", LAYOUT, "    merge_axes(layout);\n", "    (void)merge_axes;\n"),
    _in_run(
        "allocation",
        "every call allocates 64 bytes",
        "    char *volatile more = malloc(64);\n    free(more);\n",
    ),
    _in_run("copy-one", "one element is copied", COPY.format(count="1"), copies=True),
    _in_run("copy-row", "512 elements are copied", COPY.format(count="512"), copies=True),
    _in_run("copy-all", "the operand is copied", COPY.format(count="size"), copies=True),
)


def clone(folder, commit):
    """A repository beside ours, at the commit."""
    shutil.rmtree(folder, ignore_errors=True)
    git("clone", "--quiet", "--no-checkout", str(ROOT), str(folder))
    git("checkout", "--quiet", "--detach", commit, repo=folder)


def plant(injection, folder, commit):
    """Commit the injection on top of the commit, in a repository of ours; its hash."""
    git("checkout", "--quiet", "--force", "--detach", commit, repo=folder)
    file = folder / injection.path
    text = file.read_text()
    if text.count(injection.place) != 1:
        raise Refused(f"{injection.name}: {injection.path} has no {injection.place!r}, or several")
    file.write_text(text.replace(injection.place, injection.plant))
    # The same commit every time, so that asv finds the build that it has.
    date = git("show", "--no-patch", "--format=%cI", commit, repo=folder)
    who = ("-c", "user.name=calibration", "-c", "user.email=calibration@localhost")
    git(
        *who,
        "commit",
        "--quiet",
        "--all",
        "--no-verify",
        f"--date={date}",
        f"--message={injection.name}",
        repo=folder,
        date=date,
    )
    git("branch", "--force", injection.name, repo=folder)
    return git("rev-parse", "HEAD", repo=folder)
