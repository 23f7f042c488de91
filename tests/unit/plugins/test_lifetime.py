"""No plugin outlives its engine: small processes stand for both."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from support.waiting import until

PLUGIN = """
import sys, time
from pulumi_ctyun.kit.lifetime import end_with_engine
end_with_engine(sys.argv[1] if len(sys.argv) > 1 else None)
print("ready", flush=True)
time.sleep(60)
"""
# Forks the plugin and waits; the plugin's parent is thus this process and not the test.
PARENT = "import subprocess, sys; p = subprocess.Popen(sys.argv[1:]); print(p.pid, flush=True); p.wait()"
ROOT = Path(__file__).parents[3]


@pytest.fixture
def cleanup() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def start(cleanup: ExitStack, *command: str) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, *command], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    cleanup.enter_context(process)
    cleanup.callback(process.kill)
    return process


def read_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_plugin_ends_with_its_killed_parent(cleanup: ExitStack) -> None:
    parent = start(cleanup, "-c", PARENT, sys.executable, "-c", PLUGIN)
    pid = int(read_line(parent))
    assert read_line(parent) == "ready"  # the plugin writes to the same pipe
    parent.kill()
    until(lambda: not is_alive(pid), 3, "the plugin to end after its parent")


def test_a_plugin_ends_when_the_engine_no_longer_listens(cleanup: ExitStack) -> None:
    engine = cleanup.enter_context(socket.create_server(("127.0.0.1", 0)))
    plugin = start(cleanup, "-c", PLUGIN, f"127.0.0.1:{engine.getsockname()[1]}")
    assert read_line(plugin) == "ready"
    with pytest.raises(subprocess.TimeoutExpired):
        plugin.wait(1.2)  # longer than one knock: a listening engine is no reason to end
    engine.close()
    assert plugin.wait(3) == 1


@pytest.mark.parametrize(("number", "ended"), [(signal.SIGINT, "written down"), (signal.SIGTERM, "")])
def test_only_an_engine_that_ends_in_good_order_says_that_all_is_recorded(cleanup: ExitStack, number: int, ended: str) -> None:
    program = PLUGIN.replace("else None)", "else None, lambda: print('written down', flush=True))")
    plugin = start(cleanup, "-c", program)
    assert read_line(plugin) == "ready"
    os.kill(plugin.pid, number)
    assert (plugin.wait(2), read_line(plugin)) == (-number, ended)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_a_plugin_at_once_and_without_a_word(cleanup: ExitStack, number: signal.Signals) -> None:
    plugin = start(cleanup, "-c", PLUGIN)
    assert read_line(plugin) == "ready"
    os.kill(plugin.pid, number)
    assert plugin.wait(2) == -number
