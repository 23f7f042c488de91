"""One watch: prober, ledger and journal on disk, a view that is refreshed meanwhile, and the check at the end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from drlab.folders import PRIVATE, Folders
from drlab.probe.journal import Journal, Send, event
from drlab.probe.ledger import Ledger, read_ledger
from drlab.probe.running import Running
from drlab.probe.schedule import Plan
from drlab.probe.sender import Prober
from drlab.probe.transport import HttpTransport
from drlab.probe.verify import verify
from drlab.watch.site import Site

REFRESH_SECONDS = 0.25
REFRESH_SHARE = 20  # the view takes at most a twentieth of the time, however slow the terminal is


class View(Protocol):
    """What is shown while a watch runs."""

    def refresh(self, running: Running, elapsed: float) -> None: ...

    def checking(self, rows: int) -> None: ...


@dataclass(frozen=True)
class Files:
    """What a watch leaves in the state folder."""

    journal: Path  # one JSON object a line, for each settled send, as it comes
    ledger: Path

    @classmethod
    def make(cls, folders: Folders) -> Files:
        folders.ensure_state()
        folder = folders.state / "watch" / time.strftime("%Y%m%dT%H%M%S", time.gmtime())
        number, chosen = 1, folder
        while chosen.exists():  # two in one second
            number, chosen = number + 1, folder.with_name(f"{folder.name}-{number}")
        chosen.mkdir(mode=PRIVATE, parents=True)
        return cls(chosen / "journal.jsonl", chosen / "ledger.jsonl")


@dataclass(frozen=True)
class Watched:
    """A finished watch."""

    site: Site
    plan: Plan
    files: Files
    journal: Journal
    seconds: float
    checked: dict[str, str]


async def watch(site: Site, plan: Plan, files: Files, view: View, *, keep_alive: bool = False) -> Watched:
    """Runs until the plan is over or Ctrl-C; a second Ctrl-C ends the check too."""
    transport = HttpTransport(site.url, direct=site.local, keep_alive=keep_alive)
    stop, abandon = asyncio.Event(), asyncio.Event()
    try:
        with (
            interrupts(stop, abandon),
            Ledger(files.ledger) as ledger,
            files.journal.open("a", encoding="utf-8") as lines,
        ):
            prober = Prober(plan, transport, ledger, lambda send: write_line(lines, prober.journal, send))
            running = Running(prober.journal)
            async with refreshed(view, running, prober.elapsed):
                await prober.run(stop)
            seconds = prober.elapsed()
            view.refresh(running, seconds)
            checked = await check(ledger, transport, plan, view, abandon)
    finally:
        transport.close()
    return Watched(site, plan, files, prober.journal, seconds, checked)


async def check(ledger: Ledger, transport: HttpTransport, plan: Plan, view: View, abandon: asyncio.Event) -> dict[str, str]:
    """Every write of the ledger, as it stands on the disk."""
    entries = read_ledger(ledger.path)
    if not entries.sent:
        return {}
    view.checking(len(entries.sent))
    results = await verify([*entries.acknowledged, *entries.unknown], transport, plan.deadline, abandon)
    ledger.note_checked(results)
    return results


def write_line(lines: IO[str], journal: Journal, send: Send) -> None:
    lines.write(json.dumps(event(journal, send), ensure_ascii=False) + "\n")
    lines.flush()


@contextlib.asynccontextmanager
async def refreshed(view: View, running: Running, elapsed: Callable[[], float]) -> AsyncIterator[None]:
    """The view follows the prober from beside it."""

    async def follow() -> None:
        while True:
            begin = time.perf_counter()
            view.refresh(running, elapsed())
            await asyncio.sleep(max(REFRESH_SECONDS, REFRESH_SHARE * (time.perf_counter() - begin)))

    task = asyncio.create_task(follow())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@contextmanager
def interrupts(stop: asyncio.Event, abandon: asyncio.Event) -> Iterator[None]:
    """Ctrl-C ends the sending; once more ends what comes after it."""
    loop, before = asyncio.get_running_loop(), signal.getsignal(signal.SIGINT)
    loop.add_signal_handler(signal.SIGINT, lambda: abandon.set() if stop.is_set() else stop.set())
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGINT)
        signal.signal(signal.SIGINT, before)
