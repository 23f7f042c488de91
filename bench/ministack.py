"""The local cloud beside MiniStack, in the same run: start, and one client that makes, describes and deletes VPCs.

MiniStack lives in a virtual environment of its own, made from PyPI in the cache folder; nothing of it gets into the project's.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.lab import own_lab
from bench.table import Row, ratio
from drlab.folders import ROOT, Folders
from drlab.processes import cpu_seconds

PINS = ("ministack==1.5.33", "boto3>=1.40")
LOOPS = 150  # of create, two reads and delete: 600 calls, so that a clock tick of 10 ms is 2 % of the sum
COMMAND = "pip install ministack==1.5.33 boto3; GATEWAY_PORT=N ministack; python bench/vpc_calls_boto3.py URL LOOPS"
ANSWERS = 60.0  # seconds until which a cloud must have answered; below one is usual


@dataclass(frozen=True)
class Running:
    """A cloud that answers: its process, and the seconds from its first instant to its first answer."""

    pid: int
    url: str
    seconds: float


def beside(rounds: int) -> list[Row]:
    """Ours and theirs in turn, so that a slow moment of the machine hits both."""
    rows: dict[str, list[float]] = {name: [] for name in ("start", "their start", "call", "their call", "cpu", "their cpu")}
    their_python = _their_python()
    with own_lab() as lab:
        lab.run("cloud", "start")  # set-up, and compiled modules, are not what is measured
        lab.run("cloud", "stop")
        with _theirs(their_python):
            pass  # likewise
        for _ in range(rounds):
            with _theirs(their_python) as theirs:
                rows["their start"].append(theirs.seconds)
                _take(rows, "their ", theirs, [str(their_python), str(ROOT / "bench/vpc_calls_boto3.py"), theirs.url])
            with _ours(lab.state) as ours:
                rows["start"].append(ours.seconds)
                _take(rows, "", ours, [sys.executable, "-m", "bench.vpc_calls", str(lab.state)])
            lab.run("cloud", "stop")
    return _shown({name: tuple(values) for name, values in rows.items()})


def _shown(rows: Mapping[str, tuple[float, ...]]) -> list[Row]:
    start = Row(
        "cloud start", "s", rows["start"], None, "from its first instant to the first answer of /_local/health that is ready"
    )
    their_start = Row("MiniStack's start", "s", rows["their start"], None, "to the first answer of /_ministack/health")
    call = Row("a VPC call", "ms", rows["call"], None, f"one client, {4 * LOOPS} signed calls: create, 2 x describe, delete")
    their_call = Row("MiniStack's VPC call", "ms", rows["their call"], None, COMMAND)
    cpu = Row("server's CPU per VPC call", "ms", rows["cpu"], None, "signatures checked")
    their_cpu = Row("MiniStack's CPU per VPC call", "ms", rows["their cpu"], None, "signatures not checked")
    return [
        start, their_start, ratio("start over MiniStack's", start, their_start, 1.0),
        call, their_call, ratio("VPC call over MiniStack's", call, their_call, 0.5),
        cpu, their_cpu, ratio("server's CPU over MiniStack's", cpu, their_cpu, 1.0),
    ]  # fmt: skip


def _take(rows: Mapping[str, list[float]], whose: str, cloud: Running, client: Sequence[str]) -> None:
    """Milliseconds of a call as its client sees it, and of the server's CPU; the client's own start counts for nothing."""
    before = cpu_seconds(cloud.pid)
    out = subprocess.run([*client, str(LOOPS)], cwd=ROOT, stdout=subprocess.PIPE, timeout=300, check=True).stdout
    rows[f"{whose}call"].append(float(json.loads(out)["seconds"]) * 1000 / (4 * LOOPS))
    rows[f"{whose}cpu"].append((cpu_seconds(cloud.pid) - before) * 1000 / (4 * LOOPS))


@contextmanager
def _ours(state: Path) -> Iterator[Running]:
    """Started as `./lab cloud start` does it; ended by the lab."""
    port = _free_port()
    command = [sys.executable, "-m", "localcloud", "serve", "--state", str(state), "--port", str(port)]
    yield _started(command, {}, port, "/_local/health")


@contextmanager
def _theirs(python: Path) -> Iterator[Running]:
    port = _free_port()
    running = _started([str(python.parent / "ministack")], {"GATEWAY_PORT": str(port)}, port, "/_ministack/health")
    try:
        yield running
    finally:
        os.kill(running.pid, 9)
        os.waitpid(running.pid, 0)


def _started(command: Sequence[str], more: Mapping[str, str], port: int, health: str) -> Running:
    """Raises RuntimeError when the process ends, or does not answer in time."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | dict(more)
    begin = time.monotonic()
    process = subprocess.Popen(
        command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while not _answers(port, health):
        if process.poll() is not None or time.monotonic() - begin > ANSWERS:
            process.kill()
            raise RuntimeError(f"{' '.join(command)} does not answer")
        time.sleep(0.005)
    return Running(process.pid, f"http://127.0.0.1:{port}", time.monotonic() - begin)


def _answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status == 200 and b'"ready":false' not in answer.read()
    except OSError:
        return False
    finally:
        connection.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _their_python() -> Path:
    """That of MiniStack's virtual environment, made where it is missing. Raises RuntimeError."""
    folder = Folders.from_environment().cache / "bench-ministack"
    python, done = folder / "bin/python", folder / "installed"
    if not done.exists() or done.read_text(encoding="utf-8") != " ".join(PINS):
        for command in ([sys.executable, "-m", "venv", str(folder)], [str(python), "-m", "pip", "install", "--quiet", *PINS]):
            made = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=600)
            if made.returncode:
                raise RuntimeError(f"{' '.join(command)} failed:\n{made.stderr[-2000:]}")
        done.write_text(" ".join(PINS), encoding="utf-8")
    return python
