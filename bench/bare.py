"""Set-up from nothing: `./lab up` in a fresh clone, with empty caches and a Docker of its own that has no image."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

from bench.earlier import BASELINE
from bench.lab import ROOT
from bench.table import Row, ratio
from drlab.folders import Folders
from drlab.processes import cpu_seconds

STAGE = "single-host"
UP_SECONDS = 3600.0
DOCKER_SECONDS = 60.0
FORGET = ("GOCACHE", "GOMODCACHE", "PIP_CACHE_DIR", "UV_CACHE_DIR", "DRLAB_HA_INTERVAL")
CGROUP = "drlab-bench"
# Nothing of the machine's is touched beside the other Docker: no rules, no bridge.
DAEMON = ("--iptables=false", "--ip-forward=false", "--bridge=none", f"--cgroup-parent=/{CGROUP}")


@dataclass(frozen=True)
class Cost:
    """Of one set-up: seconds by the clock, and of CPU time (commands, Docker and, where the kernel tells, containers)."""

    seconds: float
    cpu: float


def setup(rounds: int) -> list[Row]:
    """This work tree beside the baseline. A round takes ten to twenty minutes, so there is one for three that are asked for."""
    theirs, ours = [], []
    for _ in range(max(1, rounds // 3)):
        theirs.append(cost_of(BASELINE))
        ours.append(cost_of(work_tree()))
    command = f"DRLAB_CACHE=NEW DRLAB_STATE=NEW DOCKER_HOST=NEW ./lab up {STAGE}"
    note = f"from the first command to the page: fresh clone, empty caches, Docker without images: {command}"
    mine = Row("set-up from nothing", "s", tuple(cost.seconds for cost in ours), None, note)
    other = Row(
        f"the same of {BASELINE}", "s", tuple(cost.seconds for cost in theirs), None, f"git checkout {BASELINE}; {command}"
    )
    my_cpu = Row("its CPU time", "s", tuple(cost.cpu for cost in ours), None, "what a busy machine changes little")
    other_cpu = Row(f"CPU time of {BASELINE}", "s", tuple(cost.cpu for cost in theirs))
    rows = [
        mine,
        other,
        ratio("set-up over the baseline's", mine, other, 0.5),
        my_cpu,
        other_cpu,
        ratio("its CPU over the baseline's", my_cpu, other_cpu, 0.5),
    ]
    kept_file().write_text(json.dumps({"at": f"{datetime.now():%F %R}", "rows": [asdict(row) for row in rows]}), encoding="utf-8")
    return rows


def last_setup() -> list[Row]:
    """What was measured last on this machine; empty where it never was."""
    try:
        kept = json.loads(kept_file().read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    rows = [Row(**{**row, "values": tuple(row["values"])}) for row in kept["rows"]]
    return [replace(row, note=f"measured {kept['at']}; {row.note}".removesuffix("; ")) for row in rows]


def kept_file() -> Path:
    return Folders.from_environment().cache / "bench-setup.json"


def work_tree() -> str:
    """A commit of what is in the work tree, changes that are not committed included."""
    return git("stash", "create") or git("rev-parse", "HEAD")


def git(*arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, encoding="utf-8", check=False)
    if done.returncode:
        raise RuntimeError(f"`git {' '.join(arguments)}` failed: {done.stderr.strip()}")
    return done.stdout.strip()


def cost_of(commit: str) -> Cost:
    """Raises RuntimeError when the set-up fails, or this machine cannot have a second Docker."""
    with empty_machine(commit) as (clone, environ), own_docker(clone.parent) as docker:
        before, begin = spent(docker), time.monotonic()
        try:
            call([str(clone / "lab"), "up", STAGE], clone, environ)
            return Cost(time.monotonic() - begin, spent(docker) - before)
        finally:
            call([str(clone / "lab"), "down", "--all"], clone, environ)


@contextmanager
def empty_machine(commit: str) -> Iterator[tuple[Path, dict[str, str]]]:
    """A clone, and an environment in which no cache has anything. A short path: the agent's Unix socket lies in it."""
    home = Path(tempfile.mkdtemp(prefix="drlab-bench-", dir="/tmp"))
    try:
        clone = home / "clone"
        git("clone", "-q", "--shared", "--no-checkout", str(ROOT), str(clone))
        git("-C", str(clone), "checkout", "-q", commit)
        yield (
            clone,
            {
                **{name: value for name, value in os.environ.items() if name not in FORGET},
                "DRLAB_CACHE": str(home / "drlab"),
                "DRLAB_STATE": str(home / "state"),
                "DOCKER_HOST": f"unix://{home}/docker.sock",
                "XDG_CACHE_HOME": str(home / "cache"),  # of Go, pip and uv
                "GOPATH": str(home / "go"),
                "GOENV": "off",
            },
        )
    finally:
        shutil.rmtree(home)


@contextmanager
def own_docker(home: Path) -> Iterator[int]:
    """A second dockerd that keeps everything in `home`; its process id."""
    if os.geteuid() != 0 or shutil.which("dockerd") is None:
        raise RuntimeError("set-up from nothing needs root and dockerd: it starts a Docker of its own, which has no image yet")
    places = ["-H", f"unix://{home}/docker.sock", "--data-root", f"{home}/data", "--exec-root", f"{home}/exec"]
    with (home / "docker.log").open("wb") as log:
        daemon = subprocess.Popen(["dockerd", *places, "--pidfile", f"{home}/pid", *DAEMON], stdout=log, stderr=log)
        try:
            deadline = time.monotonic() + DOCKER_SECONDS
            while not answers(home):
                if time.monotonic() > deadline or daemon.poll() is not None:
                    said = (home / "docker.log").read_text(encoding="utf-8", errors="replace")[-500:]
                    raise RuntimeError(f"a second dockerd does not start: {said}")
                time.sleep(0.2)
            yield daemon.pid
        finally:
            daemon.terminate()
            daemon.wait(DOCKER_SECONDS)
            # dockerd leaves its network namespace mounted, and nothing under a mount can be removed.
            subprocess.run(["umount", f"{home}/exec/netns/default"], capture_output=True, check=False)


def answers(home: Path) -> bool:
    done = subprocess.run(["docker", "-H", f"unix://{home}/docker.sock", "version"], capture_output=True, check=False)
    return done.returncode == 0


def call(command: Sequence[str], clone: Path, environ: dict[str, str]) -> None:
    done = subprocess.run(
        command, cwd=clone, env=environ, capture_output=True, encoding="utf-8", errors="replace", timeout=UP_SECONDS, check=False
    )
    if done.returncode:
        raise RuntimeError(f"`{' '.join(command)}` failed:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")


def spent(docker: int) -> float:
    """Seconds of CPU time so far: of all commands that have ended, with all that they waited for, of Docker, of containers."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime + cpu_seconds(docker) + container_seconds()


def container_seconds() -> float:
    """Of all containers of our Docker that there have been; 0 where the kernel does not tell."""
    for path, unit in ((f"/sys/fs/cgroup/cpuacct/{CGROUP}/cpuacct.usage", 1e9), (f"/sys/fs/cgroup/{CGROUP}/cpu.stat", 1e6)):
        try:
            words = Path(path).read_text(encoding="ascii").split()
        except OSError:
            continue
        return int(words[1] if words[0] == "usage_usec" else words[0]) / unit
    return 0.0
