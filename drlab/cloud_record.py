"""The local cloud's record in the state folder: where it listens, its keys, its process."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from drlab.errors import UserError
from drlab.processes import PROC, is_alive


@dataclass(frozen=True)
class CloudRecord:
    """What `STATE/cloud.json` holds. It stays after a stop, with `pid` None; keys and id live as long as the folder."""

    id: str
    url: str
    pid: int | None
    local_key: str = field(repr=False)
    tls_url: str | None = None
    ca_file: str | None = None

    def process_lives(self) -> bool:
        """The process exists; whether it answers is another question. A number used again by a stranger does not count."""
        if self.pid is None or not is_alive(self.pid):
            return False
        try:
            return b"localcloud" in (PROC / str(self.pid) / "cmdline").read_bytes()
        except OSError:
            return False


def read_record(path: Path) -> CloudRecord | None:
    """None when no cloud has ever run for this state folder. Raises UserError when the file is damaged."""
    try:
        return parse_record(json.loads(path.read_text()))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"The local cloud's record {path} cannot be read: {error!r}.") from error


def parse_record(raw: Mapping[str, Any]) -> CloudRecord:
    pid = raw.get("pid")
    return CloudRecord(
        id=raw["id"],
        url=raw["url"],
        pid=int(pid) if pid else None,
        local_key=raw["localKey"],
        tls_url=raw.get("tlsUrl"),
        ca_file=raw.get("caFile"),
    )
