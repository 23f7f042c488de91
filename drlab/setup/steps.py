"""Set-up as named steps: each looks, decides whether something is missing, and acts only then."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from drlab.setup.children import Cancelled, Children
from drlab.setup.report import Report

Tell = Callable[[str], None]  # takes the newest line of output


@dataclass(frozen=True)
class Step:
    """One thing that must be there.

    `missing` looks and answers with what it is about to do ("building from its Go module"), or None when nothing is
    needed. `act` does it and answers with what it did ("built from its Go module"); it raises UserError.
    """

    name: str
    missing: Callable[[], str | None]
    act: Callable[[Tell], str]


@dataclass(frozen=True)
class Lane:
    """Steps that need one another, in order. Lanes of one phase run side by side."""

    name: str
    steps: Sequence[Step]


Phase = Sequence[Lane]


def prepare(
    phases: Sequence[Phase], report: Report, children: Children, lock: Callable[[], AbstractContextManager[None]]
) -> None:
    """Brings everything into place. What is complete is only looked at, and then nobody waits for another set-up."""
    if any(step.missing() is not None for phase in phases for lane in phase for step in lane.steps):
        with lock():
            for phase in phases:
                _run_side_by_side(phase, report, children)


def run_lane(lane: Lane, report: Report, children: Children) -> None:
    """The loop. A step looks again here: another set-up may have done it meanwhile."""
    for step in lane.steps:
        children.check()
        doing = step.missing()
        if doing is None:
            continue
        report.begin(step.name, doing)
        started, did = time.monotonic(), None
        try:
            did = step.act(lambda line, name=step.name: report.detail(name, line))  # type: ignore[misc]
        finally:
            report.end(step.name, did, time.monotonic() - started)


def _run_side_by_side(lanes: Phase, report: Report, children: Children) -> None:
    """The first failure ends the other lanes too, and is raised; so does Ctrl-C."""
    failures: list[BaseException] = []
    # Waited for in place of the threads: an exception inside Thread.join makes Python take the thread for ended.
    ended = threading.Semaphore(0)

    def work(lane: Lane) -> None:
        try:
            run_lane(lane, report, children)
        except Cancelled:
            pass  # somebody else failed, or the user interrupted
        except BaseException as failure:
            failures.append(failure)
            children.cancel()
        finally:
            ended.release()

    for lane in lanes:
        threading.Thread(target=work, args=(lane,), name=f"set-up {lane.name}").start()
    left = len(lanes)
    try:
        while left:
            ended.acquire()
            left -= 1
    except BaseException:
        children.cancel()
        for _ in range(left):
            ended.acquire()
        raise
    if failures:
        raise failures[0]
