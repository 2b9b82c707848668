# SPDX-License-Identifier: BSD-3-Clause
"""The pytest plugin: tests that fail when an array is copied.

``@pytest.mark.no_copy`` guards every ndarray that reaches a test through fixtures and parameters, the fixture
``no_copy`` is `strideops.assert_no_copy`, and ``--no-copy=off|portable|full`` says how much is looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from typing import Any

import numpy as np
import pytest

from .evidence import CopyDetected
from .proof import assert_no_copy

__all__: list[str] = []

MARKER = (
    "no_copy(readers=None, max_alloc=None, strict=False): the test fails if an ndarray among its arguments is copied "
    "(strideops)"
)


AUDITED = pytest.StashKey[Any]()


class _Nothing:
    """The guard of --no-copy=off."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, *error: object) -> None:
        return None


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("strideops")
    group.addoption(
        "--no-copy",
        choices=("off", "portable", "full"),
        default="full",
        help="how guards of arrays look for copies: not at all, at the memory that is requested, or with everything "
        "that this machine has (default)",
    )
    group.addoption(
        "--copy-audit",
        action="store_true",
        help="list which calls copied array data while the tests ran, by line, the most bytes first",
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--copy-audit"):
        from .auditing import Audit

        config.stash[AUDITED] = Audit()
    config.addinivalue_line("markers", MARKER)


def _guard(config: pytest.Config, *arrays: Any, **wishes: Any) -> Any:
    level = config.getoption("--no-copy")
    return _Nothing() if level == "off" else assert_no_copy(*arrays, level=level, **wishes)


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    """--copy-audit is around all tests; with pytest-xdist in each worker, which sends its findings home."""
    if not session.config.getoption("--copy-audit"):
        return (yield)
    from .auditing import audit

    with audit() as found:
        result = yield
    session.config.stash[AUDITED].merge(found.to_dict())
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["strideops_audit"] = found.to_dict()
    return result


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    told = getattr(node, "workeroutput", {}).get("strideops_audit")
    if told is not None:
        node.config.stash[AUDITED].merge(told)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if config.getoption("--copy-audit"):
        terminalreporter.section("copies of arrays (strideops)")
        terminalreporter.write_line(str(config.stash[AUDITED]))


@pytest.fixture
def no_copy(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """``with no_copy(X): ...``: `strideops.assert_no_copy` at the level of --no-copy."""

    def guard(*arrays: Any, **wishes: Any) -> Any:
        return _guard(request.config, *arrays, **wishes)

    return guard


def _arrays(values: Iterable[Any]) -> list[np.ndarray[Any, Any]]:
    """The ndarrays among the values, in lists, tuples and dictionaries too, each once."""
    found: dict[int, np.ndarray[Any, Any]] = {}
    pending = list(values)
    while pending:
        value = pending.pop(0)
        if isinstance(value, np.ndarray):
            found[id(value)] = value
        elif isinstance(value, dict):
            pending += value.values()
        elif isinstance(value, (list, tuple)):
            pending += value
    return list(found.values())


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, Any, Any]:
    """Innermost: the guard is around the test's function, not around what other plugins do."""
    __tracebackhide__ = True
    marker = pyfuncitem.get_closest_marker("no_copy")
    if marker is None or pyfuncitem.config.getoption("--no-copy") == "off":
        return (yield)
    if marker.args:
        raise pytest.UsageError("no_copy takes keywords only: readers=, max_alloc=, strict=")
    names = pyfuncitem._fixtureinfo.argnames
    arrays = _arrays(pyfuncitem.funcargs[name] for name in names)
    if not arrays:
        raise pytest.UsageError(
            f"{pyfuncitem.nodeid} is marked no_copy, but no ndarray reaches it through fixtures or parameters: "
            "use the fixture no_copy, as in `with no_copy(X): ...`"
        )
    guard = _guard(pyfuncitem.config, *arrays, **marker.kwargs)
    guard.name_lines_of(pyfuncitem.path)
    with guard:
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[Any]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if call.excinfo is not None and isinstance(call.excinfo.value, CopyDetected):
        report.sections.append(("evidence of strideops", call.excinfo.value.evidence.table()))
    return report
