"""What the controller remembers from look to look. After a restart it begins anew, which only makes it slower, never bolder."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from localcloud.controllers.databases.ha.gtid import covers
from localcloud.controllers.databases.ha.model import DARK, Settings
from localcloud.engines.interface.databases import NodeState

DISK_FULL = "disk full"


@dataclass(frozen=True)
class Memory:
    """Of one instance. Times are those of the caller's clock, in seconds."""

    primary: str = ""
    bad: Mapping[str, int] = field(default_factory=dict)  # looks in a row that found a node not serving
    counted: Mapping[str, float] = field(default_factory=dict)  # when such a look was counted last
    excused: Mapping[str, int] = field(default_factory=dict)  # looks that were not, meanwhile: the whole machine was slow
    heard: float | None = None  # when the primary last heard its standby
    received: str = ""
    written: str = ""
    near: bool = False
    tried: float | None = None  # since when each look has found the standby acknowledging in time, in its trial
    sync_point: str | None = None
    seen: Mapping[str, NodeState] = field(default_factory=dict)


def serves(seen: NodeState, fenced: bool) -> bool:
    """It does its work: SQL works, there is room on its disk, and clients get through unless its link is down on purpose."""
    return seen.running and seen.answers and (seen.reachable or fenced) and seen.problem != DISK_FULL


def remember(
    memory: Memory, primary: str, standby: str, fenced: Collection[str], seen: Mapping[str, NodeState], now: float,
    settings: Settings,
) -> Memory:  # fmt: skip
    """The memory after a look that began at `now`. A new primary is a new beginning, except for what did not serve."""
    before = memory if memory.primary == primary else Memory(primary=primary, bad=memory.bad, counted=memory.counted)
    leader, follower = seen.get(primary, DARK), seen.get(standby, DARK)
    bad, counted, excused = _count(before, fenced, seen, now, settings)
    silent = primary in seen and not serves(leader, primary in fenced)
    heard = now + leader.took if before.heard is None or silent or _speaks(before, leader, follower) else before.heard
    near = _is_near(before, follower)
    passes = near and leader.trial and leader.in_time and leader.standbys > 0
    received = before.received
    if follower.answers and follower.following and covers(follower.received, received):
        received = follower.received
    return replace(
        before, bad=bad, counted=counted, excused=excused, heard=heard, received=received, seen=dict(seen),
        written=leader.gtid if leader.answers else before.written, sync_point=_sync_point(before, leader),
        near=near, tried=(now if before.tried is None else before.tried) if passes else None,
    )  # fmt: skip


def _count(
    before: Memory, fenced: Collection[str], seen: Mapping[str, NodeState], now: float, settings: Settings
) -> tuple[dict[str, int], dict[str, float], dict[str, int]]:
    """How often in a row each node did not serve, when that was counted, and how often it was not.

    Looks follow each other quickly while there is something to do; those less than half an interval apart count as one.
    """
    bad, counted, excused, apart = {}, {}, {}, settings.interval / 2
    for id_, state in seen.items():
        times, last, pardoned = before.bad.get(id_, 0), before.counted.get(id_, now - apart), before.excused.get(id_, 0)
        if serves(state, id_ in fenced):
            bad[id_] = 0
        elif pardoned < settings.threshold - 1 and _is_slow_with_others(id_, seen, settings.slow):
            bad[id_], counted[id_], excused[id_] = times, last, pardoned + 1
        else:
            fresh = not times or now - last >= apart
            bad[id_], counted[id_] = (times + 1, now) if fresh else (times, last)
            excused[id_] = pardoned
    return bad, counted, excused


def _is_slow_with_others(id_: str, seen: Mapping[str, NodeState], slow: float) -> bool:
    """Nothing but its silence speaks against it, and another one took long to answer, too: then this whole machine is slow."""
    state, others = seen[id_], [other for other_id, other in seen.items() if other_id != id_]
    silent = state.running and not state.answers and state.took >= slow
    return silent and any(other.answers and other.reachable and other.took >= slow for other in others)


def _speaks(before: Memory, leader: NodeState, follower: NodeState) -> bool:
    """The primary hears its standby: it is connected, and who waits for it does not wait in vain.

    What the standby receives tells nothing: where only its own words are lost, it goes on receiving for a while.
    """
    able = follower.answers and follower.receiving and follower.problem != DISK_FULL
    connected = able and (leader.standbys > 0 or not (leader.semi_sync or leader.trial))
    return connected and (leader.waiting == 0 or leader.acks > before.seen.get(before.primary, DARK).acks)


def _is_near(before: Memory, follower: NodeState) -> bool:
    """It has received what the primary had at the look before. MariaDB's own figure is 0 when a connection has just been made."""
    known = before.seen.get(before.primary, DARK).answers
    return known and follower.answers and follower.receiving and covers(follower.received, before.written)


def _sync_point(before: Memory, leader: NodeState) -> str | None:
    """Where the primary was at the second look that found semi-sync on: whatever came later waited for the standby."""
    if not leader.semi_sync:
        return None
    was_on = before.seen.get(before.primary, DARK).semi_sync
    return leader.gtid if before.sync_point is None and was_on else before.sync_point
