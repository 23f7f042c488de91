"""Keys, and where they come from: the local cloud's record, or CTYUN_AK and CTYUN_SK for the real cloud.

Which of the two is used is always said by the caller and never inferred from keys that happen to be there.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from ctyun.errors import ConfigurationError

KEY_LENGTH = 32  # of both keys, exactly; the official Terraform provider checks the same
START = "start it with ./lab cloud start"


@dataclass(frozen=True)
class Credentials:
    """An access key and its secret key, 32 characters each."""

    access_key: str
    secret_key: str = field(repr=False)

    def __post_init__(self) -> None:
        lengths = {"access key": len(self.access_key), "secret key": len(self.secret_key)}
        wrong = [f"the {name} has {length} characters" for name, length in lengths.items() if length != KEY_LENGTH]
        if wrong:
            raise ConfigurationError(f"CTyun's keys have exactly {KEY_LENGTH} characters each, but {' and '.join(wrong)}.")


@dataclass(frozen=True)
class CloudRecord:
    """STATE/cloud.json: how to reach the local cloud that belongs to a state folder."""

    id: str
    url: str
    credentials: Credentials
    local_key: str = field(repr=False)
    pid: int | None
    tls_url: str | None = None
    ca_file: Path | None = None
    internet_cidr: str | None = None

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Self:
        ca_file = body.get("caFile")
        return cls(
            id=body["id"],
            url=body["url"],
            credentials=Credentials(body["accessKey"], body["secretKey"]),
            local_key=body["localKey"],
            pid=body.get("pid"),
            tls_url=body.get("tlsUrl"),
            ca_file=Path(ca_file) if ca_file else None,
            internet_cidr=body.get("internetCidr"),
        )

    def is_running(self) -> bool:
        """The recorded process exists (whether it answers is another question)."""
        if self.pid is None:
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:  # exists, as another user
            return True
        return True


def cloud_record(state: Path) -> CloudRecord:
    """The local cloud's record, running or not. Raises ConfigurationError when there is none that can be read."""
    path = state / "cloud.json"
    try:
        return CloudRecord.from_json(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise ConfigurationError(f"No local cloud has run with the state folder {state}: {START}.") from None
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise ConfigurationError(f"The local cloud's record {path} cannot be read ({_reason(error)}): {START}.") from error


def running_cloud(state: Path) -> CloudRecord:
    """The record of a local cloud whose process exists. Raises ConfigurationError with what to do when it does not."""
    record = cloud_record(state)
    if not record.is_running():
        raise ConfigurationError(f"The local cloud of {state} is not running: {START}.")
    return record


def local_credentials(state: Path) -> Credentials:
    """Keys of the local cloud that runs with this state folder."""
    return running_cloud(state).credentials


def ctyun_credentials(env: Mapping[str, str]) -> Credentials:
    """Keys of the real cloud, from CTYUN_AK and CTYUN_SK. Raises ConfigurationError naming every variable that is wrong."""
    problems = []
    for name in ("CTYUN_AK", "CTYUN_SK"):
        value = env.get(name, "")
        if not value:
            problems.append(f"{name} is not set")
        elif len(value) != KEY_LENGTH:
            problems.append(f"{name} has {len(value)} characters instead of {KEY_LENGTH}")
    if problems:
        raise ConfigurationError(f"No usable keys for CTyun: {'; '.join(problems)}. Export both as the console shows them.")
    return Credentials(env["CTYUN_AK"], env["CTYUN_SK"])


def _reason(error: Exception) -> str:
    """Why, without a word of the file itself: it holds keys."""
    if isinstance(error, KeyError):
        return f"it lacks {error.args[0]}"
    return (error.strerror or "it cannot be opened") if isinstance(error, OSError) else "it is damaged"
