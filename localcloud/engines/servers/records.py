"""What the engines remember of each server outside Docker: its container's id and its disks. One small file a server.

Docker forgets a container that somebody removed; its control groups and disks are still to be found and cleared.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from localcloud.engines.interface.engines import Disk


@dataclass(frozen=True)
class Record:
    """A server that was made and not yet removed. `container` is empty until Docker has made it."""

    instance_id: str
    container: str = ""
    disks: tuple[Disk, ...] = ()


class Records:
    """The folder of records."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, instance_id: str) -> Record | None:
        return _parsed(self._file(instance_id))

    def put(self, record: Record) -> None:
        """Replaces the file in one step, so that a crash leaves the old one or the new one."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        disks = [
            {"disk": disk.disk_id, "gib": disk.size_gib, "device": disk.device, "separate": disk.separate}
            for disk in record.disks
        ]
        fresh = self._folder / f".{record.instance_id}.new"
        fresh.write_text(
            json.dumps({"instance": record.instance_id, "container": record.container, "disks": disks}), encoding="utf-8"
        )
        fresh.replace(self._file(record.instance_id))

    def drop(self, instance_id: str) -> None:
        self._file(instance_id).unlink(missing_ok=True)

    def all(self) -> Iterator[Record]:
        for file in sorted(self._folder.glob("*.json")) if self._folder.is_dir() else ():
            if (record := _parsed(file)) is not None:
                yield record

    def _file(self, instance_id: str) -> Path:
        return self._folder / f"{instance_id}.json"


def _parsed(file: Path) -> Record | None:
    """None when it is not there, or not any more: a scan reads while others remove servers."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    disks = tuple(
        Disk(item["disk"], item["gib"], item["device"], separate=item.get("separate", False)) for item in content["disks"]
    )
    return Record(content["instance"], content["container"], disks)
