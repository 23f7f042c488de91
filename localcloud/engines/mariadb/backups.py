"""Physical copies of MariaDB nodes, and the binary logs that lead from a copy to a point in time.

A copy is one file, made ready on the node it is of. Kept logs lie in STATE/database-binlogs/<instance>/<incarnation>/: data that
were put onto a node's disk together are an incarnation, and its logs begin where these data end.
"""

from __future__ import annotations

import asyncio
import json
import shlex
import shutil
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil
from pathlib import Path

from localcloud.engines.context import Context
from localcloud.engines.disks import sparse
from localcloud.engines.interface.databases import DatabaseNode
from localcloud.engines.interface.engines import EngineError
from localcloud.engines.mariadb import replay as mariadb_replay
from localcloud.engines.mariadb.copying import Copying
from localcloud.engines.mariadb.inside import FOLDER, LOGS, InsideNodes
from localcloud.engines.mariadb.nodes import DatabaseNodes
from localcloud.engines.mariadb.sql import Sql
from localcloud.engines.mariadb.state import sequence

COPIED_NODE = "node"  # file in a backup's folder: the id of the node that was copied, which says whose backup it is
_COPY = "data.tar"
_SEED = "seed.tar"  # what the image's start script fills a blank disk with
_KEPT = "kept.json"
_STOP = 5.0  # seconds for a node whose data are replaced


@dataclass(frozen=True)
class Kept:
    """The kept logs of one incarnation: transactions from number `first` on; `at`: when it was last looked at (Unix)."""

    folder: Path
    first: int
    at: float


class MariadbBackups:
    """Copies and kept logs of one cloud's nodes."""

    def __init__(self, context: Context, nodes: DatabaseNodes, inside: InsideNodes, sql: Sql) -> None:
        self._nodes, self._inside, self._sql = nodes, inside, sql
        self._copying = Copying(inside, sql)
        self._copies, self._logs = context.state / "database-backups", context.state / "database-binlogs"

    async def back_up(self, node_id: str, backup_id: str) -> int:
        made = await self._copying.copy(node_id, f"copy-{backup_id}.tar")
        file = self._copies / backup_id / _COPY
        await asyncio.to_thread(file.parent.mkdir, mode=0o700, parents=True, exist_ok=True)
        await asyncio.to_thread((file.parent / COPIED_NODE).write_text, node_id, encoding="utf-8")
        await asyncio.to_thread(made.replace, file)
        return (await asyncio.to_thread(file.stat)).st_size

    async def remove(self, backup_id: str) -> None:
        await asyncio.to_thread(shutil.rmtree, self._copies / backup_id, ignore_errors=True)

    async def reseed(self, node: DatabaseNode, source_id: str) -> None:
        """While the copy is made nobody holds the node: that may take as long as a write on its source."""
        made = await self._copying.copy(source_id, f"copy-{node.node_id}.tar")
        async with self._nodes.held(node.node_id):
            await asyncio.to_thread(made.replace, self._inside.folder(node.node_id) / _SEED)
            await self._begin_anew(node)

    async def restore(self, node: DatabaseNode, backup_id: str, instance_id: str, until: float | None) -> None:
        async with self._nodes.held(node.node_id):
            await self._restore(node, backup_id, instance_id, until)

    async def _restore(self, node: DatabaseNode, backup_id: str, instance_id: str, until: float | None) -> None:
        file = self._copies / backup_id / _COPY
        if not file.exists():
            raise EngineError(f"backup {backup_id} is not there, or was not finished; take another one")
        seed = self._inside.folder(node.node_id) / _SEED
        try:
            await asyncio.to_thread(sparse.copy, file, seed)
            seed.chmod(0o644)  # MariaDB's user unpacks it
        except OSError as exc:
            raise EngineError(f"backup {backup_id} cannot be copied to node {node.node_id}: {exc.strerror}") from exc
        await self._begin_anew(node)
        if until is not None:
            await self._replay(node.node_id, instance_id, until)

    async def keep_logs(self, node_id: str, instance_id: str) -> None:
        found = await self._inside.must_run(node_id)
        logs = [(str(row[0]), int(row[1])) for row in await self._sql.run(node_id, "SHOW BINARY LOGS")]
        folder = self._logs / instance_id / logs[0][0].partition(".")[0]
        if (first := await self._first(node_id, folder, logs[0][0])) is None:
            return  # nothing has been written yet
        await asyncio.to_thread(folder.mkdir, mode=0o700, parents=True, exist_ok=True)
        for name, size in logs:
            target = folder / name
            if not target.exists() or target.stat().st_size < size:
                await self._inside.keep_log(found, name, target, size)
        await asyncio.to_thread(_note, folder, first)

    async def remove_logs(self, instance_id: str) -> None:
        await asyncio.to_thread(shutil.rmtree, self._logs / instance_id, ignore_errors=True)

    async def _begin_anew(self, node: DatabaseNode) -> None:
        """From the seed in its folder, with the binary log's position that the seed was taken at."""
        await self._nodes.shut_down_held(node.node_id, _STOP)
        await self._nodes.new_disk_held(node)
        await self._nodes.boot_held(node)
        info = await self._inside.script(
            node.node_id, f"cat {LOGS}/xtrabackup_binlog_info || true", f"reading the position of node {node.node_id}'s copy"
        )
        gtid = [*info.split(), "", "", ""][2]
        forget = ("SET GLOBAL read_only = 1", "STOP SLAVE", "RESET SLAVE ALL", "RESET MASTER")
        known = ("SET GLOBAL gtid_binlog_state = %s", (gtid,)), ("SET GLOBAL gtid_slave_pos = %s", (gtid,))
        await self._sql.run(node.node_id, *forget, *known)

    async def _first(self, node_id: str, folder: Path, log: str) -> int | None:
        """The number of the incarnation's first transaction, None while there is none."""
        known = _kept(folder)
        if known is not None:
            return known.first
        for event in await self._sql.rows(node_id, f"SHOW BINLOG EVENTS IN '{log}' LIMIT 20"):
            if event["Event_type"] == "Gtid":
                return sequence(str(event["Info"]).rsplit(" ", 1)[-1])
        return None

    async def _replay(self, node_id: str, instance_id: str, until: float) -> None:
        reached = (await self._sql.run(node_id, "SELECT @@gtid_binlog_pos"))[0][0]
        # An event carries the second in which it began: a second's events are in when the time lies within that second.
        stop = datetime.fromtimestamp(ceil(until), UTC).strftime("%Y-%m-%d %H:%M:%S")
        place = self._inside.folder(node_id) / "replay"
        try:
            for kept, last in chain(await asyncio.to_thread(self._all_kept, instance_id), sequence(reached)):
                names = await asyncio.to_thread(_lend, kept.folder, place)
                start = (await self._sql.run(node_id, "SELECT @@gtid_binlog_pos"))[0][0]
                limits = [f"--start-position={start}"] if start else []
                limits += [f"--stop-position=0-1-{last}"] if last else []
                limits.append(f"--stop-datetime={stop}")
                files = " ".join(f"{FOLDER}/replay/{shlex.quote(name)}" for name in names)
                script = mariadb_replay.binlogs(shlex.join(limits), files)
                await self._inside.script(node_id, script, f"replaying the binary log of {instance_id} on node {node_id}")
        finally:
            await asyncio.to_thread(shutil.rmtree, place, ignore_errors=True)

    def _all_kept(self, instance_id: str) -> list[Kept]:
        folder = self._logs / instance_id
        found = [_kept(entry) for entry in folder.iterdir()] if folder.is_dir() else []
        return [kept for kept in found if kept is not None]


def chain(kept: list[Kept], reached: int) -> list[tuple[Kept, int | None]]:
    """Whose logs lead on from transaction number `reached`: each with the number at which the next one takes over, None at last.

    The one that was kept last is today's primary: what others have beyond its beginning may never have been acknowledged.
    """
    ordered = sorted(kept, key=lambda item: item.at, reverse=True)
    found: list[tuple[Kept, int | None]] = []
    last: int | None = None
    for item in ordered:
        if last is None or item.first <= last:
            found.insert(0, (item, last))
            last = item.first - 1
        if item.first <= reached + 1:
            return found
    if not found:
        return []
    raise EngineError(
        f"the kept binary logs begin at transaction {found[0][0].first}, the backup ends at {reached}: "
        "what lies between is not there; take a later backup"
    )


def _kept(folder: Path) -> Kept | None:
    try:
        content = json.loads((folder / _KEPT).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return Kept(folder, int(content["first"]), float(content["at"]))


def _note(folder: Path, first: int) -> None:
    fresh = folder / f".{_KEPT}.new"
    fresh.write_text(json.dumps({"first": first, "at": time.time()}), encoding="utf-8")
    fresh.replace(folder / _KEPT)


def _lend(folder: Path, place: Path) -> list[str]:
    """Copies of the logs where a node sees them; their names in order."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(mode=0o755)
    names = sorted(file.name for file in folder.iterdir() if not file.name.startswith(".") and file.name != _KEPT)
    for name in names:
        shutil.copyfile(folder / name, place / name)
        (place / name).chmod(0o644)
    return names
