"""Ids, times and lists of numbers as the API spells them."""

from __future__ import annotations

import secrets
import string
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import uuid4

_ALPHABET = string.ascii_lowercase + string.digits


def short_id(prefix: str) -> str:
    """ "vpc" -> "vpc-r5i4zghgvq"."""
    return f"{prefix}-{''.join(secrets.choice(_ALPHABET) for _ in range(10))}"


def long_id() -> str:
    """A UUID with dashes: instances, disks, jobs, key pairs, vaults."""
    return str(uuid4())


def hex_id() -> str:
    """32 hex digits: orders and their resources, policies."""
    return uuid4().hex


def mac_address() -> str:
    """A random address under the prefix that OpenStack clouds use."""
    return "fa:16:3e:" + ":".join(f"{byte:02x}" for byte in secrets.token_bytes(3))


def when(seconds: float | None) -> str:
    """Unix seconds as the API's UTC time, "" for None."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if seconds is not None else ""


def listed(numbers: Sequence[int]) -> str:
    """(8, 20) -> "8,20"."""
    return ",".join(map(str, numbers))
