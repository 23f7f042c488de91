"""`./lab` and plain `pulumi` as a user calls them, with a state folder of the test's own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from support.machine import own
from support.said import listen

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Lab:
    """`./lab` and plain `pulumi` with one state folder; every call has a deadline."""

    state: Path
    extra: Mapping[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "DRLAB_STATE": str(self.state), "NO_COLOR": "1", "COLUMNS": "160", **self.extra}

    def run(self, *arguments: str, timeout: float = 180, check: bool = True) -> subprocess.CompletedProcess[str]:
        return self.call(str(ROOT / "lab"), *arguments, timeout=timeout, check=check)

    def pulumi(self, *arguments: str, timeout: float = 180, check: bool = True) -> subprocess.CompletedProcess[str]:
        return self.call(str(ROOT / ".venv/bin/pulumi"), *arguments, "--non-interactive", timeout=timeout, check=check)

    def call(self, *command: str, timeout: float, check: bool) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout
        )
        if check and done.returncode:
            pytest.fail(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout[-6000:]}\n{done.stderr[-6000:]}")
        return done

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """`./lab ...` in a session of its own, to be killed or waited for by the test."""
        return subprocess.Popen(
            [str(ROOT / "lab"), *arguments],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def outputs(self, stage: str) -> dict[str, Any]:
        shown = self.pulumi("stack", "output", "--json", "--show-secrets", "-s", stage)
        return dict(json.loads(shown.stdout))

    def status(self) -> dict[str, Any]:
        return dict(json.loads(self.run("status", "--json").stdout))

    def record(self) -> dict[str, Any]:
        return dict(json.loads((self.state / "cloud.json").read_text()))

    def local_api(self, path: str, *arguments: str) -> Any:
        """The local cloud's own `/_local/` path, by curl; the key travels on stdin, not in the process list."""
        record = self.record()
        done = subprocess.run(
            ["curl", "-sS", "--fail-with-body", "-m", "30", "-H", "@-", record["url"] + path, *arguments],
            input=f"X-Drlab-Key: {record['localKey']}\n",
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout) if done.stdout else None

    def container(self, server: str) -> str:
        """The Docker container behind a server, by the server's name."""
        found = [s for s in self.local_api("/_local/servers") if s["name"] == server]
        assert len(found) == 1, f"{server}: {found}"
        return f"drlab-{self.record()['id']}-{found[0]['instanceId']}"


def write_project(folder: Path, name: str, program: str) -> None:
    """A Pulumi project of one's own, with this checkout's provider and packages."""
    project = (
        f"name: {name}\n"
        f"runtime: {{name: python, options: {{virtualenv: {ROOT}/.venv}}}}\n"
        f"plugins: {{providers: [{{name: ctyun, path: {ROOT}/pulumi_ctyun/bin}}]}}\n"
    )
    for file, text in (("Pulumi.yaml", project), ("__main__.py", program)):
        (folder / file).write_text(text, encoding="utf-8")


def make_lab() -> Lab:
    """A state folder with a short path: the agent's Unix socket lies in it."""
    lab = Lab(Path(tempfile.mkdtemp(prefix="drlab-stage-", dir="/tmp")))
    listen(lab.state / "cloud.log")
    own(lab.state)
    return lab


def end(lab: Lab) -> None:
    own(lab.state)
    lab.run("down", "--all", timeout=240)
    shutil.rmtree(lab.state)
