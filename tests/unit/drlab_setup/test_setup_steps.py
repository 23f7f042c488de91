"""Steps look, think and act; lanes run side by side; one failure or Ctrl-C ends them all."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from drlab.errors import Interrupted, UserError
from drlab.setup.children import Children
from drlab.setup.steps import Lane, Step, Tell, prepare


@contextmanager
def no_lock() -> Iterator[None]:
    yield


@contextmanager
def forbidden_lock() -> Iterator[None]:
    raise AssertionError("the lock was taken although nothing was missing")
    yield


def step(name: str, done: set[str], then: Callable[[], None] = lambda: None) -> Step:
    """Missing until it has run once."""

    def act(tell: Tell) -> str:
        tell(f"{name} says something")
        then()
        done.add(name)
        return f"{name} made"

    return Step(name, lambda: None if name in done else f"making {name}", act)


def test_what_is_complete_is_only_looked_at_and_nobody_waits(report: Any) -> None:
    prepare([[Lane("a", [step("one", {"one"})])]], report, Children(), forbidden_lock)
    assert report.said == []


def test_missing_steps_run_in_order_and_say_what_they_did(report: Any) -> None:
    done: set[str] = {"two"}
    prepare([[Lane("a", [step(name, done) for name in ("one", "two", "three")])]], report, Children(), no_lock)
    assert report.said == [
        ("begin", "one", "making one"),
        ("detail", "one", "one says something"),
        ("end", "one", "one made"),
        ("begin", "three", "making three"),
        ("detail", "three", "three says something"),
        ("end", "three", "three made"),
    ]


def test_after_the_wait_for_another_set_up_each_step_looks_again(report: Any) -> None:
    done: set[str] = set()

    @contextmanager
    def other_set_up_finishes() -> Iterator[None]:
        done.add("one")
        yield

    prepare([[Lane("a", [step("one", done)])]], report, Children(), other_set_up_finishes)
    assert report.said == []


def test_lanes_of_one_phase_run_side_by_side_and_phases_one_after_the_other(report: Any) -> None:
    met, done = threading.Barrier(2, timeout=5), set[str]()
    first = [Lane("first", [step("state", done)])]
    both = [Lane(name, [step(name, done, lambda: (met.wait(), None)[1])]) for name in ("engine", "images")]
    prepare([first, both], report, Children(), no_lock)
    assert done == {"state", "engine", "images"}
    assert report.of("end")[0] == "state"


def test_a_failure_is_raised_and_ends_the_other_lane(report: Any) -> None:
    children, started = Children(), threading.Event()

    def fail() -> None:
        assert started.wait(5)
        raise UserError("no Docker")

    def long() -> None:
        started.set()
        children.run(["sleep", "60"])

    lanes = [Lane("images", [step("docker", set(), fail)]), Lane("engine", [step("engine", set(), long), step("later", set())])]
    with pytest.raises(UserError, match="no Docker"):
        prepare([lanes], report, children, no_lock)
    assert ("end", "engine", "failed") in report.said
    assert "later" not in report.of("begin")


def test_ctrl_c_ends_the_commands_and_waits_until_their_lanes_have_cleaned_up(report: Any) -> None:
    """With a real signal: what an exception does to a wait is Python's affair, and has surprised us."""
    children, cleaned = Children(), threading.Event()

    def interrupt(number: int, frame: object) -> None:
        raise Interrupted("Interrupted.")

    def long() -> None:
        try:
            children.run(["sh", "-c", "echo running; exec sleep 60"], tell=lambda line: os.kill(os.getpid(), signal.SIGINT))
        finally:
            time.sleep(0.2)
            cleaned.set()

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        with pytest.raises(Interrupted):
            prepare([[Lane("engine", [step("engine", set(), long)])]], report, children, no_lock)
        assert cleaned.is_set()
    finally:
        signal.signal(signal.SIGINT, before)
