"""The waiter: a deadline that is a failure, with a text that helps."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from ctyun import CtyunError, Pace, WaitTimeout, wait_until

Run = Callable[..., Any]
FAST = Pace(first=0.001, longest=0.004)


def looks(*states: str) -> Callable[[], Any]:
    """Each look sees the next state; the last one stays."""
    left = list(states)

    async def look() -> str:
        return left.pop(0) if len(left) > 1 else left[0]

    return look


def test_it_returns_what_it_saw(run: Run) -> None:
    wait = wait_until(looks("creating", "creating", "running"), lambda s: s == "running", what="x", timeout=5, pace=FAST)
    assert run(wait) == "running"


def test_time_out_names_what_and_the_last_state(run: Run) -> None:
    wait = wait_until(looks("queued", "creating"), lambda s: s == "up", what="server i-7 to run", timeout=0.05, pace=FAST)
    with pytest.raises(WaitTimeout) as caught:
        run(wait)
    assert str(caught.value) == "Waited 0.05 s for server i-7 to run; last seen: creating."
    assert isinstance(caught.value, CtyunError)
    assert isinstance(caught.value, TimeoutError)


def test_a_look_that_hangs_does_not_stretch_the_deadline(run: Run) -> None:
    async def hang() -> str:
        await asyncio.sleep(60)
        return "never"

    with pytest.raises(WaitTimeout, match="last seen: nothing"):
        run(wait_until(hang, bool, what="an answer", timeout=0.02, pace=FAST))


def test_a_time_out_inside_the_look_keeps_its_own_text(run: Run) -> None:
    async def look() -> str:
        raise WaitTimeout("inner")

    with pytest.raises(WaitTimeout, match=r"^inner$"):
        run(wait_until(look, bool, what="outer", timeout=5, pace=FAST))


def test_looks_become_rarer(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []

    async def note(seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr("ctyun.waiting.asyncio.sleep", note)
    pace = Pace(first=1, longest=4, growth=2)
    run(wait_until(looks("a", "a", "a", "a", "a", "b"), lambda s: s == "b", what="b", timeout=5, pace=pace))
    assert pauses == [1, 2, 4, 4, 4]
