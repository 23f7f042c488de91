"""A test that fails says what the local clouds said meanwhile: their logs may be gone when somebody asks."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from support.said import news, sizes

_BEFORE = pytest.StashKey[dict[Path, int]]()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    item.stash[_BEFORE] = sizes()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    report = yield
    if report.failed:
        report.sections += [(f"meanwhile {log}", said) for log, said in news(item.stash.get(_BEFORE, {}))]
    return report
