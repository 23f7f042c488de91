"""The ledger: writes that the site has acknowledged, on disk before they count. Append-only, one JSON object a line."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

SENT, ACKNOWLEDGED, CHECKED = "sent", "acknowledged", "checked"


@dataclass(frozen=True)
class Acknowledgement:
    """The site has said that a row is written."""

    id: str
    sent_at: str  # ISO time, UTC
    at: str
    server: str
    zone: str


@dataclass
class Entries:
    """What a ledger says. A write that was sent and not acknowledged is unknown, not lost."""

    sent: dict[str, str] = field(default_factory=dict)  # id -> time
    acknowledged: dict[str, Acknowledgement] = field(default_factory=dict)
    checked: dict[str, str] = field(default_factory=dict)  # id -> "there" | "missing" | "unchecked"

    @property
    def unknown(self) -> list[str]:
        return [row for row in self.sent if row not in self.acknowledged]


class Ledger:
    """A ledger that is being written. Sends are noted before they go out; acknowledgements are forced to the disk."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> Self:
        self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        folder = os.open(self.path.parent, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(folder)  # the file's name, too, survives a crash
        finally:
            os.close(folder)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        os.close(self._file)

    def note_sent(self, row: str, at: str) -> None:
        self._append({"event": SENT, "id": row, "at": at})

    async def acknowledge(self, entry: Acknowledgement) -> None:
        """Returns when it is on the disk. The disk is waited for beside the loop, so that no other send is late."""
        await asyncio.to_thread(self._append_durably, acknowledgement_line(entry))

    def note_checked(self, results: Mapping[str, str]) -> None:
        for row, result in results.items():
            self._append({"event": CHECKED, "id": row, "result": result})
        os.fsync(self._file)

    def _append_durably(self, line: Mapping[str, Any]) -> None:
        self._append(line)
        os.fsync(self._file)

    def _append(self, line: Mapping[str, Any]) -> None:
        data = json.dumps(line, ensure_ascii=False).encode() + b"\n"
        if os.write(self._file, data) != len(data):  # one write: lines never mix
            raise OSError(f"a line of {self.path} was written in part: the disk is full")


def acknowledgement_line(entry: Acknowledgement) -> dict[str, Any]:
    return {
        "event": ACKNOWLEDGED,
        "id": entry.id,
        "sentAt": entry.sent_at,
        "at": entry.at,
        "server": entry.server,
        "zone": entry.zone,
    }


def read_ledger(path: Path) -> Entries:
    """What stands in a ledger; a last line that a crash has cut off was never acknowledged to anybody and is left out."""
    entries = Entries()
    for line in path.read_bytes().split(b"\n")[:-1]:
        raw = json.loads(line)
        if raw["event"] == SENT:
            entries.sent[raw["id"]] = raw["at"]
        elif raw["event"] == ACKNOWLEDGED:
            known = Acknowledgement(raw["id"], raw["sentAt"], raw["at"], raw["server"], raw["zone"])
            entries.acknowledged[known.id] = known
        else:
            entries.checked[raw["id"]] = raw["result"]
    return entries
