"""What travels on the agent's socket: one JSON object a line.

Request: {"id": n, "op": name, "args": {...}}. Answer: {"id": n, "result": value} or {"id": n, "error": sentence}.
Answers come in any order, so that one connection carries many operations at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any

LINE_LIMIT = 32 * 1024 * 1024  # bytes; the longest line is a rule set of a large VPC


def encode(message: dict[str, Any]) -> bytes:
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


def decode(line: bytes) -> dict[str, Any]:
    """Raises ValueError when the line is not a JSON object."""
    message = json.loads(line)
    if not isinstance(message, dict):
        raise ValueError("a message must be a JSON object")
    return message


async def close_quietly(writer: asyncio.StreamWriter) -> None:
    """Close a connection whose other end may be gone."""
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
