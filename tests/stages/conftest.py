"""Labs for the stage tests; whatever they do, the machine looks afterwards as it did before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from support.lab import Lab, end, make_lab
from support.machine import assert_as_before, snapshot


@pytest.fixture(scope="session")
def clean_machine() -> Iterator[None]:
    """Whatever the stage tests do, the machine looks afterwards as it did before."""
    before = snapshot()
    yield
    assert_as_before(before)


@contextmanager
def passing() -> Iterator[Lab]:
    """A lab that ends whatever happens: one that failed to come up must not stand in the way of other tests."""
    lab = make_lab()
    try:
        yield lab
    finally:
        end(lab)


@pytest.fixture(scope="session")
def lab(clean_machine: None) -> Iterator[Lab]:
    """One lab for all tests of a session; stages are brought up by the tests that need them."""
    with passing() as lab:
        yield lab


@pytest.fixture
def own_lab(clean_machine: None) -> Iterator[Lab]:
    """A lab of the test's own, for tests that break more than a stage."""
    with passing() as lab:
        yield lab


@pytest.fixture(scope="session")
def single_host(lab: Lab) -> dict[str, Any]:
    """The stage `single-host`, up; its outputs."""
    lab.run("up", "single-host", timeout=300)
    return lab.outputs("single-host")


@pytest.fixture(scope="session")
def dual_lab(clean_machine: None) -> Iterator[Lab]:
    """A lab in which `dual-active` is up alone: names like web-01 mean its servers."""
    with passing() as lab:
        lab.run("up", "dual-active", timeout=600)
        yield lab


@pytest.fixture
def dual_active(dual_lab: Lab) -> dict[str, Any]:
    """The stage `dual-active`, up; its outputs."""
    return dual_lab.outputs("dual-active")
