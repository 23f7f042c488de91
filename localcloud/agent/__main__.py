"""Entry point of the agent's container."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
from pathlib import Path

from localcloud.agent.ops import OPERATIONS
from localcloud.agent.server import AgentServer


async def _serve(socket: Path) -> None:
    serving = asyncio.create_task(AgentServer(OPERATIONS).serve(socket))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, serving.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await serving


def main() -> None:
    parser = argparse.ArgumentParser(prog="agent", description=__doc__)
    parser.add_argument("--socket", type=Path, required=True)
    socket: Path = parser.parse_args().socket
    socket.unlink(missing_ok=True)
    try:
        asyncio.run(_serve(socket))
    finally:
        socket.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
