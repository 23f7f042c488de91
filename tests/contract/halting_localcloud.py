"""A local cloud that halts before an action of the controller, so that a test can strike right there.

It halts as long as there is a file `halt-<call>` in its state folder, and says so in `halted-<call>`: so a moment of milliseconds
is hit each time. Nothing else about the local cloud is different.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

CALLS = ("stop_receiving", "forget_source", "open_writes", "move_address")


def halts(part: Any, call: str, state: Path) -> None:
    """Before the call it waits for the file to go."""
    action, file = getattr(part, call), state / f"halt-{call}"

    async def halting(self: Any, *arguments: Any) -> Any:
        while file.exists():
            (state / f"halted-{call}").touch()
            await asyncio.sleep(0.02)
        return await action(self, *arguments)

    setattr(part, call, halting)


if __name__ == "__main__":
    from localcloud.__main__ import main
    from localcloud.engines.mariadb.links import DatabaseLinks
    from localcloud.engines.mariadb.replication import MariadbReplication

    for name in CALLS:
        halts(DatabaseLinks if name == "move_address" else MariadbReplication, name, Path(os.environ["DRLAB_STATE"]))
    sys.exit(main())
