"""A plugin's life ends with the engine's: after `kill -9` of `pulumi` nothing of ours goes on creating things.

Two guards, because each has a gap that the other one closes:

- the kernel's parent-death signal, sent the moment our parent dies, also when Python is stuck in a C call;
- threads that look at the parent's process id and knock at the engine's own address, for the case that something
  between the engine and us survives it (a shell that did not `exec`).

Signals: the engine starts every plugin in a process group of its own (`RegisterProcessGroup` in its
`plugin.go`), so a Ctrl-C in a terminal reaches the CLI alone. The CLI then calls `Cancel` on every plugin, lets running steps
come to an end and closes the plugins: only then it sends SIGINT to their groups, and after 5 s SIGKILL. SIGINT here thus always
means "your work is over, and its answers are recorded": a plugin does a last quick thing, if it has one (`at_end`), and dies
without a traceback. SIGKILL and the watchers say nothing about what is recorded.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable

PR_SET_PDEATHSIG = 1  # linux/prctl.h
CHECK_SECONDS = 0.5  # how often the parent is looked at; well under the 3 s that we promise
KNOCK_SECONDS = 1.0
CONNECT_SECONDS = 1.0


def end_with_engine(engine: str | None = None, at_end: Callable[[], None] = lambda: None) -> None:
    """Tie this process to its parent and, if given, to the engine listening on `engine` ("host:port").

    Call it first thing in a plugin's main, from the main thread. Returns at once; the process ends by SIGKILL
    or exit status 1 within a second of the engine's death. `at_end` runs when the engine has ended in good order.
    """
    parent = os.getppid()

    def over(*_: object) -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        try:
            at_end()
        finally:
            os.kill(os.getpid(), signal.SIGINT)

    signal.signal(signal.SIGINT, over)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    ask_for_parent_death_signal()
    if os.getppid() != parent or parent == 1:  # it died before the kernel was asked
        os._exit(1)
    threading.Thread(target=_watch_parent, args=(parent,), daemon=True, name="watch-parent").start()
    if engine:
        threading.Thread(target=_watch_engine, args=(engine,), daemon=True, name="watch-engine").start()


def ask_for_parent_death_signal() -> None:
    """Let the kernel send SIGKILL when the thread that started us ends (Linux only; elsewhere the watchers do)."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _watch_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(CHECK_SECONDS)
    os._exit(1)


def _watch_engine(address: str) -> None:
    """Knock at the engine's address: refused means that it is gone.

    Connections are not held open: the engine's server, when it stops, waits for those that have not spoken yet.
    """
    host, _, port = address.rpartition(":")
    while True:
        try:
            socket.create_connection((host or "127.0.0.1", int(port)), timeout=CONNECT_SECONDS).close()
        except TimeoutError:
            pass  # a busy machine, not a dead engine
        except OSError:
            os._exit(1)
        time.sleep(KNOCK_SECONDS)
