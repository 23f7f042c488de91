"""The agent raises the kernel's limits, never lowers one, and names those that are not its own to change."""

from __future__ import annotations

from pathlib import Path

import pytest

from drlab.limits.table import LIMITS
from localcloud.agent.ops.limits import FLOORS, raise_limits

INSTANCES = "fs.inotify.max_user_instances"


def kernel(root: Path, values: dict[str, int]) -> Path:
    for name, value in values.items():
        path = root / name.replace(".", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{value}\n", encoding="utf-8")
    return root


def read(root: Path, name: str) -> int:
    return int((root / name.replace(".", "/")).read_text(encoding="utf-8"))


def test_low_limits_are_raised_and_high_ones_stay(tmp_path: Path) -> None:
    root = kernel(tmp_path, {INSTANCES: 128, "kernel.pid_max": 4_194_304})
    assert raise_limits(root) == []
    assert read(root, INSTANCES) == FLOORS[INSTANCES]
    assert read(root, "kernel.pid_max") == 4_194_304
    assert not (root / "fs/aio-max-nr").exists(), "this kernel has no such limit"


def test_a_limit_that_may_not_be_changed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = kernel(tmp_path, {INSTANCES: 128, "kernel.pty.max": 4096})
    written = Path.write_text

    def forbidden(path: Path, text: str, encoding: str) -> int:
        if path.name == "max_user_instances":
            raise PermissionError(30, "Read-only file system", str(path))
        return written(path, text, encoding=encoding)

    monkeypatch.setattr(Path, "write_text", forbidden)
    assert raise_limits(root) == [INSTANCES]
    assert read(root, "kernel.pty.max") == FLOORS["kernel.pty.max"], "one that fails is no reason to leave the others"


def test_what_is_counted_on_is_what_the_agent_raises() -> None:
    """The numbers stand twice, as the command line imports nothing of the local cloud."""
    counted_on = {limit.sysctl: limit.floor for limit in LIMITS if limit.floor}
    assert counted_on == {name: floor for name, floor in FLOORS.items() if name in counted_on}
    assert set(FLOORS) - set(counted_on) == {"net.ipv4.neigh.default.gc_thresh2"}
