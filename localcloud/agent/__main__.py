"""Entry point of the agent's container."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import signal
from pathlib import Path

from localcloud.agent.operations import OPERATIONS
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
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--socket", type=Path, help="serve operations on this Unix socket")
    what.add_argument("--run", nargs=2, metavar=("OPERATION", "JSON"), help="run one operation and print its result")
    args = parser.parse_args()
    if args.run:
        print(json.dumps(OPERATIONS[args.run[0]](**json.loads(args.run[1]))))
    else:
        _serve_on(args.socket)


def _serve_on(socket: Path) -> None:
    socket.unlink(missing_ok=True)
    try:
        asyncio.run(_serve(socket))
    finally:
        socket.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
