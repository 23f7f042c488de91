"""The state folder of one cloud: its lock, its identity, and the record `cloud.json` by which others find it."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import string
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from localcloud.controllers.cloud import Identity

_ALPHABET = string.ascii_letters + string.digits


class StateError(Exception):
    """The state folder cannot be used; the text says why and what to do."""


@dataclass(frozen=True)
class Record:
    """What `cloud.json` says. Keys, id and local key stay for the life of the folder; `pid` is None while nothing runs."""

    identity: Identity
    url: str = ""
    tls_url: str | None = None
    ca_file: str | None = None
    pid: int | None = None
    internet_cidr: str = ""

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.identity.id, "url": self.url, "tlsUrl": self.tls_url, "caFile": self.ca_file,
            "accessKey": self.identity.access_key, "secretKey": self.identity.secret_key, "localKey": self.identity.local_key,
            "pid": self.pid, "internetCidr": self.internet_cidr,
        }  # fmt: skip

    @classmethod
    def from_json(cls, body: dict[str, Any]) -> Record:
        identity = Identity(body["id"], body["accessKey"], body["secretKey"], body["localKey"])
        return cls(identity, body["url"], body["tlsUrl"], body["caFile"], body["pid"], body["internetCidr"])


class StateFolder:
    """A folder of mode 0700 that one daemon at a time holds."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: int | None = None

    @property
    def database(self) -> Path:
        return self.path / "localcloud.sqlite"

    def open(self) -> Record:
        """Make the folder where it is missing, lock it, and give its record. Raises StateError."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = os.open(self.path / "localcloud.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StateError(f"The state folder {self.path} cannot be used: {error.strerror}.") from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StateError(f"A local cloud already runs on {self.path}; stop it first, or choose another --state.") from None
        return self.record() or Record(new_identity())

    def record(self) -> Record | None:
        """The record, None before the first start. Raises StateError for a damaged one."""
        file = self.path / "cloud.json"
        try:
            return Record.from_json(json.loads(file.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError) as error:
            raise StateError(f"{file} is damaged ({error!r}); put it right, or remove it to get new keys.") from error

    def write(self, record: Record) -> Record:
        """Replace the record in one step, readable by its owner only."""
        handle, name = tempfile.mkstemp(dir=self.path, prefix=".cloud.json.")  # 0600 by nature
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(record.to_json(), file, indent=2)
            file.write("\n")
        Path(name).replace(self.path / "cloud.json")
        return record

    def close(self, record: Record) -> None:
        """Say that nothing runs any more, and let go of the lock."""
        self.write(replace(record, pid=None))
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def new_identity() -> Identity:
    """Fresh id and keys."""
    small = string.ascii_lowercase + string.digits
    return Identity(_random(6, small), _random(32), _random(32), _random(40))


def default_folder() -> Path:
    """DRLAB_STATE, else drlab in the user's state folder."""
    if chosen := os.environ.get("DRLAB_STATE"):
        return Path(chosen)
    base = os.environ.get("XDG_STATE_HOME")
    return (Path(base) if base else Path.home() / ".local/state") / "drlab"


def _random(length: int, alphabet: str = _ALPHABET) -> str:
    return "".join(secrets.choice(alphabet) for _ in range(length))
