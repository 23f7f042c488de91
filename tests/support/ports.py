"""Ports as a client sees them: answering, refusing or silent."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def knock(host: str, port: int, seconds: float) -> str:
    """What a client that connects gets within `seconds`: "open", "refused" or "silent"."""
    try:
        socket.create_connection((host, port), timeout=seconds).close()
    except ConnectionRefusedError:
        return "refused"
    except TimeoutError:
        return "silent"
    return "open"


def is_silent(host: str, port: int, seconds: float) -> bool:
    """True when nothing comes back, not even a refusal."""
    return knock(host, port, seconds) == "silent"


def answering(host: str, *ports: int, seconds: float) -> dict[int, str]:
    """Those from which anything comes back, and what; all are knocked at together."""
    with ThreadPoolExecutor(len(ports)) as at_once:
        found = dict(zip(ports, at_once.map(lambda port: knock(host, port, seconds), ports), strict=True))
    return {port: what for port, what in found.items() if what != "silent"}
