"""Copies of running nodes' data, and the watch over them: a copy waits for clients' locks no longer than clients can bear."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import defaultdict
from contextlib import suppress
from pathlib import Path

from localcloud.engines.interface.engines import EngineError
from localcloud.engines.mariadb.inside import FOLDER, MYSQL, InsideNodes
from localcloud.engines.mariadb.locks import Held, end_waiting_copies, give_up_waiting_copy
from localcloud.engines.mariadb.sql import Sql

_SPARE = 48 << 10  # KiB that a copy leaves free
_LONGEST = 3600  # seconds, whatever it is about
_WAITING = 10.0  # seconds for a lock; changes of tables wait behind it meanwhile
_SILENT = 60.0  # seconds: MariaDB does not answer, and mariadb-backup would wait for it without an end
_PAUSE, _LOOK = 0.5, 5.0  # seconds between two looks, and for one
# The work is done on the node's own disk, which it must not fill, and what comes out of it is one file: all or nothing.
# mariadb-backup blocks SIGTERM, so a limit has to be a SIGKILL.
_SCRIPT = """
rm -rf /data/copy* {folder}/{name}.new
trap 'rm -rf /data/copy-{run} {folder}/{name}.new' EXIT
needed=$(du -sk --exclude='log-*' --exclude='relay-*' /data/mysql | cut -f 1)
room=$(df --output=avail -k /data | tail -n 1)
[ "$room" -gt $((needed + {spare})) ] || {{ echo "its disk has $((room / 1024)) MiB left, too few for a copy"; exit 1; }}
tell() {{ tail -n 5 /data/tmp/copy.log; exit 1; }}
timeout -s KILL {seconds} mariadb-backup --backup --target-dir=/data/copy-{run} > /data/tmp/copy.log 2>&1 || tell
mariadb-backup --prepare --use-memory=16M --target-dir=/data/copy-{run} > /data/tmp/copy.log 2>&1 || tell
tar -cS --owner={user} --group={user} -f {folder}/{name}.new -C /data/copy-{run} .
sync {folder}/{name}.new
mv {folder}/{name}.new {folder}/{name}
rm -f /data/tmp/copy.log
"""


class Copying:
    """Makes copies of one cloud's nodes, one at a time of each."""

    def __init__(self, inside: InsideNodes, sql: Sql) -> None:
        self._inside, self._sql = inside, sql
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)  # by the node that is copied

    async def copy(self, node_id: str, name: str) -> Path:
        """A file of that name in the node's folder. Raises EngineError, also when a client's lock keeps it waiting."""
        words = {"folder": FOLDER, "name": name, "user": MYSQL, "seconds": _LONGEST, "run": secrets.token_hex(4), "spare": _SPARE}
        what = f"copying the data of node {node_id}"
        async with self._locks[node_id]:
            await self._clear(node_id)
            watch = asyncio.create_task(self._watch(node_id))
            try:
                await self._inside.script(node_id, _SCRIPT.format(**words), what)
            except EngineError as exc:
                with suppress(EngineError):
                    await self._clear(node_id)
                if watch.done() and watch.exception() is None:
                    raise EngineError(f"{what} was given up: {watch.result()}") from exc
                raise
            finally:
                watch.cancel()
        return self._inside.folder(node_id) / name

    async def _clear(self, node_id: str) -> None:
        """Whoever made a copy before and was left behind is ended: MariaDB lets a session wait whose client is gone."""
        await self._inside.kill_process(node_id, "mariadb-backup")
        await self._sql.do(node_id, end_waiting_copies, _LOOK)

    async def _watch(self, node_id: str) -> str:
        """Ends a mariadb-backup that waits for too long; why."""
        heard = time.monotonic()
        while True:
            await asyncio.sleep(_PAUSE)
            with suppress(EngineError):
                held = await self._sql.do(node_id, lambda cursor: give_up_waiting_copy(cursor, _WAITING), _LOOK)
                heard = time.monotonic()
                if held is not None:
                    return _sentence(held)
            if time.monotonic() - heard > _SILENT:
                with suppress(EngineError):
                    await self._inside.kill_process(node_id, "mariadb-backup")
                return f"its MariaDB has not answered for {_SILENT:.0f} s"


def _sentence(held: Held) -> str:
    said = f"{held.statement} waited {held.seconds:.0f} s for a lock, and changes of tables wait behind it"
    if not held.by:
        return f"{said}; nobody is seen to hold it any more, so try again"
    return f"{said}; it is held by {', '.join(held.by)}: let that end, or end it as the same user with KILL and its number"
