"""Control groups that a container's systemd left behind."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from localcloud.agent.waiting import wait_until

ROOT = Path("/sys/fs/cgroup")
_EMPTY = 10.0  # seconds for the processes of a killed server to end


def find(containers: Iterable[str], root: Path = ROOT) -> Iterator[Path]:
    """Folders of these containers (by id) in every hierarchy, outermost only."""
    wanted = tuple(containers)
    for folder, children, _files in os.walk(root):
        for child in [name for name in children if any(container in name for container in wanted)]:
            children.remove(child)
            yield Path(folder, child)


def reap(containers: Iterable[str], root: Path = ROOT) -> int:
    """Remove the control groups of removed containers, innermost first; how many there were."""
    folders = [folder for group in list(find(containers, root)) for folder, _, _ in os.walk(group, topdown=False)]
    for folder in folders:
        wait_until(lambda folder=folder: _removed(folder), _EMPTY, f"the last process of control group {folder} to end")  # type: ignore[misc]
    return len(folders)


def _removed(folder: str) -> bool:
    try:
        Path(folder).rmdir()
    except FileNotFoundError:
        return True  # Docker was faster
    except OSError as exc:
        if exc.errno == errno.EBUSY:
            return False
        raise
    return True
