"""A plugin's life ends with the engine's: after `kill -9` of `pulumi` nothing of ours goes on creating things.

Two guards, because each has a gap that the other one closes:

- the kernel's parent-death signal, sent the moment our parent dies, also when Python is stuck in a C call;
- a thread that watches the parent's process id and holds a connection to the engine's own address, for the case
  that something between the engine and us survives it (a shell that did not `exec`).

Signals: the engine starts every plugin in a process group of its own (`RegisterProcessGroup` in its
`plugin.go`), so a Ctrl-C in a terminal reaches the CLI alone. The CLI then calls `Cancel` on every plugin, lets running steps
come to an end and closes the plugins: only then it sends SIGINT to their groups, and after 5 s SIGKILL. SIGINT here thus always
means "your work is over", and the default action, to die at once and without a traceback, is the right one.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import sys
import threading
import time

PR_SET_PDEATHSIG = 1  # linux/prctl.h
CHECK_SECONDS = 0.5  # how often the parent is looked at; well under the 3 s that we promise
CONNECT_SECONDS = 1.0


def end_with_engine(engine: str | None = None) -> None:
    """Tie this process to its parent and, if given, to the engine listening on `engine` ("host:port").

    Call it first thing in a plugin's main, from the main thread. Returns at once; the process ends by SIGKILL
    or exit status 1 within a second of the engine's death.
    """
    parent = os.getppid()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
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
    """Hold a silent connection; when it ends, connect again: refused means that the engine is gone.

    The engine's server hangs up on a connection that never speaks (after two minutes), so an end alone proves nothing.
    """
    host, _, port = address.rpartition(":")
    while True:
        try:
            with socket.create_connection((host or "127.0.0.1", int(port)), timeout=CONNECT_SECONDS) as link:
                link.settimeout(None)
                _wait_for_end(link)
        except TimeoutError:
            time.sleep(CHECK_SECONDS)  # a busy machine, not a dead engine
        except OSError:
            os._exit(1)
        time.sleep(0.05)  # never a busy loop, whatever the other side does


def _wait_for_end(link: socket.socket) -> None:
    try:
        while link.recv(4096):
            pass
    except ConnectionResetError:
        return
