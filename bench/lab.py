"""`./lab` as a user calls it, in a state folder of the bench's own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
DEADLINE = 300.0  # seconds for one command


@dataclass(frozen=True)
class Lab:
    """One lab; every call is timed from outside, start of the interpreter included."""

    state: Path
    root: Path = ROOT  # the work tree whose ./lab is called

    def run(self, *arguments: str) -> float:
        """Seconds of one command. Raises RuntimeError with its last lines when it fails."""
        begin = time.monotonic()
        self._call(*arguments)
        return time.monotonic() - begin

    def document(self, *arguments: str) -> Any:
        """What a command prints with `--json`. Raises RuntimeError when it fails."""
        return json.loads(self._call(*arguments, "--json"))

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """A command in a session of its own: Ctrl-C is handed on from here, once."""
        return subprocess.Popen(
            [str(self.root / "lab"), *arguments],
            cwd=self.root,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )

    @property
    def _environment(self) -> dict[str, str]:
        return {**os.environ, "DRLAB_STATE": str(self.state)}

    def _call(self, *arguments: str) -> str:
        process, command = self.start(*arguments), f"./lab {' '.join(arguments)}"
        try:
            out, errors = process.communicate(timeout=DEADLINE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise RuntimeError(f"{command} took longer than {DEADLINE:.0f} s") from None
        except KeyboardInterrupt:
            process.send_signal(signal.SIGINT)  # it ends in an orderly way, and what comes after it goes on from there
            process.communicate()
            raise
        if process.returncode:
            raise RuntimeError(f"{command} failed:\n{out[-2000:]}\n{errors[-2000:]}")
        return out

    def record(self) -> dict[str, Any]:
        return dict(json.loads((self.state / "cloud.json").read_text(encoding="utf-8")))


@contextmanager
def own_lab(root: Path = ROOT) -> Iterator[Lab]:
    """A short path: the agent's Unix socket lies in it. Whatever happens, nothing of it stays."""
    lab = Lab(Path(tempfile.mkdtemp(prefix="drlab-bench-", dir="/tmp")), root)
    try:
        yield lab
    finally:
        lab.run("down", "--all")
        shutil.rmtree(lab.state)
