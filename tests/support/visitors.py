"""A stage as people use it: curl, a MySQL client through the jump host, `./lab watch`."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pymysql
from support.lab import ROOT, Lab
from support.ports import free_port, knock
from support.waiting import wait_until


def curl(*arguments: str, timeout: float = 5) -> tuple[int, str]:
    """HTTP status (0 = no answer) and body."""
    done = subprocess.run(["curl", "-sS", "-m", str(timeout), "-w", "\n%{http_code}", *arguments], capture_output=True, text=True)
    body, _, code = done.stdout.rpartition("\n")
    return int(code or 0), body


def api(url: str, timeout: float = 2.5) -> dict[str, Any]:
    """What the site at this URL says of itself; empty when it does not answer with 200."""
    status, body = curl(f"{url}/api.php", timeout=timeout)
    return dict(json.loads(body)) if status == 200 else {}


@contextmanager
def tunnel(lab: Lab, stage: str, host: str, port: int) -> Iterator[int]:
    """A local port that leads to host:port as seen from the stage's jump host."""
    local = free_port()
    forward = ["-o", "ExitOnForwardFailure=yes", "-L", f"127.0.0.1:{local}:{host}:{port}", "-N"]
    ssh = subprocess.Popen(
        [str(ROOT / "lab"), "ssh", f"{stage}/jump-host", *forward], cwd=ROOT, env=lab.environment, stdin=subprocess.DEVNULL
    )
    try:
        wait_until(lambda: knock("127.0.0.1", local, seconds=1) == "open", 15, f"the tunnel to {host}:{port}")
        yield local
    finally:
        ssh.terminate()
        ssh.wait(10)


@contextmanager
def database(outputs: Mapping[str, Any], port: int) -> Iterator[pymysql.cursors.Cursor]:
    """The stage's database as its application sees it, at a local port."""
    connection = pymysql.connect(
        host="127.0.0.1",
        port=port,
        user=outputs["databaseUser"],
        password=outputs["databasePassword"],
        database=outputs["databaseName"],
        connect_timeout=10,
    )
    try:
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()


def start_watch(lab: Lab, stage: str, *arguments: str) -> subprocess.Popen[str]:
    """`./lab watch STAGE --json ...`, with its document on standard output alone."""
    return subprocess.Popen(
        [str(ROOT / "lab"), "watch", stage, "--json", *arguments],
        cwd=ROOT,
        env=lab.environment,
        text=True,
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def end_watch(watch: subprocess.Popen[str], interrupt: bool = False) -> dict[str, Any]:
    """Its document, when it has ended; `interrupt`: as Ctrl-C does it."""
    if interrupt:
        watch.send_signal(signal.SIGINT)
    try:
        out, err = watch.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        watch.kill()
        raise
    assert watch.returncode == 0, out + err
    return dict(json.loads(out))


def journals(lab: Lab) -> set[Path]:
    """Of all watches so far."""
    return set((lab.state / "watch").glob("*/journal.jsonl"))


def sends(lab: Lab) -> list[dict[str, Any]]:
    """What the newest watch has settled so far."""
    newest = max(journals(lab), key=lambda path: path.stat().st_mtime, default=None)
    return [json.loads(line) for line in newest.read_text().splitlines()] if newest else []
