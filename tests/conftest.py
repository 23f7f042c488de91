"""A test that fails says what the local clouds said meanwhile, as their logs may be gone later; all say how long they took."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from support import durations
from support.said import news, sizes

_BEFORE = pytest.StashKey[dict[Path, int]]()
_took: dict[str, dict[str, float]] = {}


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    item.stash[_BEFORE] = sizes()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    report = yield
    if report.failed:
        report.sections += [(f"meanwhile {log}", said) for log, said in news(item.stash.get(_BEFORE, {}))]
    return report


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    _took.setdefault(report.nodeid, {})[report.when] = report.duration


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """A lane leaves what it took to the one that started it; a run of its own shows it."""
    took = [durations.Took(test, **phases) for test, phases in _took.items()]
    if file := os.environ.get(durations.LANE):
        durations.keep(Path(file), took)
    elif shown := durations.lines(took):
        durations.keep(durations.KEPT, took)
        terminalreporter.section("durations")
        terminalreporter.write_line("\n".join(shown))
