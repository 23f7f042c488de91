"""The next action for an instance in its steady state. While roles change, `role_change.py` decides."""

from __future__ import annotations

from localcloud.controllers.databases.ha.gtid import covers, missing
from localcloud.controllers.databases.ha.memory import DISK_FULL, serves
from localcloud.controllers.databases.ha.model import MOST_TRIES, Action, Decision, Node, Settings, View, does, waits
from localcloud.controllers.databases.ha.role_change import change
from localcloud.engines.interface.databases import NodeState

HANGS = 10  # times the threshold: a process that has not answered for so long is killed, and started again
REFUSED = ("Access denied", "is not allowed to connect")  # MariaDB's words to a standby whose account is not as it was
DIVERGED = ("1236", "1593", "1950")  # MariaDB's errors after which a standby never gets on by itself


def decide(view: View, settings: Settings) -> Decision:
    """Choose one action, and say why. What is not modelled as an action is a reason to wait."""
    if view.phase:
        return change(view, settings)
    if not any(node.wanted for node in view.nodes):
        return waits("stopped by its owner")
    if view.kind == "replica":
        return _replica(view, settings)
    if stranger := next((node for node in view.nodes if node.seen.writable and node.id != view.primary), None):
        return does(Action.FENCE, stranger, f"{stranger.name} takes writes although it is not the primary")
    if not serves(view.leader.seen, view.leader.fenced):
        return _without_primary(view, settings)
    return _primary(view) or (_standby(view, settings) if view.kind == "pair" else waits(f"{view.leader.name} takes writes"))


def why_not(view: View, standby: Node | None, *, loss_accepted: bool = False) -> list[str]:
    """What speaks against promoting the standby now."""
    if standby is None:
        return ["there is no standby"]
    seen, name = standby.seen, standby.name
    against = {
        f"{name} is not running": not seen.running,
        f"{name} does not answer": seen.running and not seen.answers,
        f"{name} has data that must be rebuilt first": standby.reseed,
        f"the link of {name} is down": standby.fenced,
        f"clients do not reach {name}": seen.answers and not standby.fenced and not seen.reachable,
        f"the disk of {name} is full": seen.problem == DISK_FULL,
        f"{name} {_distance(view)}, so it may lack acknowledged writes": not (view.in_sync or loss_accepted or not view.reliable),
    }
    return [sentence for sentence, true in against.items() if true]


def _distance(view: View) -> str:
    return "is marked out of sync" if view.semi_sync else "follows asynchronously"


def refused(seen: NodeState) -> bool:
    """It does not receive because its source does not let it in."""
    return not seen.receiving and any(words in seen.problem for words in REFUSED)


def may_lack(view: View, standby: Node) -> str:
    """What may be lost with this promotion, in a sentence; "" when nothing can be."""
    if view.in_sync:
        return ""
    known = missing(standby.seen.received or standby.seen.gtid, view.written)
    counted = f"{known} transactions that the primary was seen to have are not on {standby.name}" if known else "none is known"
    return f"acknowledged writes may be lost: {counted}"


def trouble(node: Node) -> str:
    """Why a node does not serve."""
    seen = node.seen
    if not seen.running:
        return f"{node.name} is not running"
    if seen.shut_out:
        return f"{node.name} lets the local cloud in no more, as its accounts are gone"
    if not seen.answers:
        return f"{node.name} does not answer"
    if seen.problem == DISK_FULL:
        return f"the disk of {node.name} is full"
    return f"clients do not reach {node.name}"


# -- the primary -------------------------------------------------------------------------------------------------------
def _without_primary(view: View, settings: Settings) -> Decision:
    """It does not serve: fail over where that is safe and wanted, else bring it back, else say what is waited for."""
    leader, standby = view.leader, view.standby if view.kind == "pair" else None
    against = why_not(view, standby)
    if standby and not against and view.automatic and leader.wanted and not view.given_up:
        return _fail_over(view, standby, settings)
    for node in [node for node in (leader, standby) if node]:
        if (decision := _bring_up(node, settings)) is not None:
            return decision
    if standby and not against and view.given_up:
        return waits(f"{trouble(leader)}; {view.given_up}: that is tried again")
    if standby and not against:
        what = f"{trouble(leader)}; {standby.name} would be promoted, but switchType is manual"
        return waits(f"{what}: promote it by hand, or bring {leader.name} back")
    if view.kind == "pair":
        return waits(f"{trouble(leader)}; nothing is promoted: {', '.join(against)}")
    return waits(trouble(leader))


def _fail_over(view: View, standby: Node, settings: Settings) -> Decision:
    leader = view.leader
    if leader.bad < settings.threshold:
        excused = f", {leader.excused} more do not count, as this whole machine was slow" if leader.excused else ""
        return waits(f"{trouble(leader)} (look {leader.bad} of {settings.threshold}{excused})")
    loss = may_lack(view, standby)
    return does(Action.BEGIN, standby, f"{trouble(leader)}; {standby.name} is promoted" + (f"; {loss}" if loss else ""))


def _bring_up(node: Node, settings: Settings) -> Decision | None:
    """Start a node whose data may be used, and open its link."""
    if node.reseed or node.resting:
        return None
    if not node.seen.running:
        return does(Action.BOOT, node, f"{node.name} is started") if node.powered else None
    if node.seen.shut_out and node.bad >= settings.threshold:
        return does(Action.KILL, node, f"{trouble(node)}: it is started anew, which makes them")
    if not node.seen.answers:
        hangs = node.bad >= HANGS * settings.threshold
        return does(Action.KILL, node, f"{node.name} has not answered for {node.bad} looks") if hangs else None
    return does(Action.ADMIT, node, f"{node.name} answers: its link is opened") if node.fenced else None


def _primary(view: View) -> Decision | None:
    """It serves: is everything about it as it must be?"""
    leader, seen = view.leader, view.leader.seen
    guarded = view.in_sync and view.semi_sync and view.kind == "pair"
    if guarded and not seen.semi_sync:
        if seen.writable:
            return does(Action.MARK_OUT_OF_SYNC, leader, f"{leader.name} takes writes without waiting for its standby")
        return does(Action.SEMI_SYNC_ON, leader, f"{leader.name} waits for its standby before it takes writes")
    if view.kind == "single" and (seen.semi_sync or seen.trial):
        return does(Action.SEMI_SYNC_OFF, leader, f"{leader.name} has no standby")
    if leader.fenced:
        return does(Action.ADMIT, leader, f"{leader.name} is the primary: its link is opened")
    if not view.seated:
        return does(Action.SEAT, leader, f"the address belongs to {leader.name}")
    if not seen.writable:
        return does(Action.OPEN, leader, f"{leader.name} is the primary")
    return None


# -- the standby -------------------------------------------------------------------------------------------------------
def _standby(view: View, settings: Settings) -> Decision:
    """The primary takes writes: how is its standby?"""
    standby = view.standby
    if standby is None:
        return waits(f"{view.leader.name} takes writes; there is no standby")
    return _going_alone(view, standby, settings) or _made_ready(view, standby, settings) or _synchronised(view, standby, settings)


def _going_alone(view: View, standby: Node, settings: Settings) -> Decision | None:
    """The primary does not wait for it any longer: the look that is nearest to the end of its grace decides."""
    leader = view.leader
    silent = view.silent >= settings.grace - settings.interval / 2
    if view.in_sync and (silent or not view.semi_sync):
        why = f"{standby.name} has been silent for {settings.grace:.0f} s" if silent else "the mode is asynchronous"
        return does(Action.GO_ALONE, standby, f"{why}: it is marked out of sync, and {leader.name} goes on alone")
    asked = leader.seen.semi_sync or leader.seen.trial
    hopeless = silent or standby.reseed or not standby.seen.receiving or not view.semi_sync
    if not view.in_sync and asked and hopeless:
        return does(Action.GO_ALONE, standby, f"{standby.name} is marked out of sync: {leader.name} goes on alone")
    return None


def _made_ready(view: View, standby: Node, settings: Settings) -> Decision | None:
    """Running, admitted, and following the primary with data that allow it."""
    leader, seen = view.leader, standby.seen
    if standby.resting and not standby.reseed and view.tries >= MOST_TRIES:
        return does(Action.MARK_RESEED, standby, f"{standby.name} cannot be used as it is: {standby.resting}")
    if standby.reseed and standby.powered and not standby.resting:
        return does(Action.RESEED, standby, f"{standby.name} is rebuilt from {leader.name}")
    if (decision := _bring_up(standby, settings)) is not None:
        return decision
    if standby.reseed or not seen.answers:
        return waits(f"{leader.name} takes writes {_alone(view)}; {_absence(standby)}")
    return _following(standby, leader.address, leader.name)


def _absence(node: Node) -> str:
    if not node.powered:
        return f"{node.name} has no power"
    if node.resting:
        return f"{node.name} could not be {'rebuilt' if node.reseed else 'started'} and is tried again: {node.resting}"
    return trouble(node)


def _alone(view: View) -> str:
    return "and waits for its standby" if view.in_sync else "alone"


def _following(node: Node, address: str, source: str) -> Decision | None:
    """Replication from there runs, or what is to be done about it."""
    seen = node.seen
    if seen.problem == DISK_FULL:
        return waits(f"{trouble(node)}, so it does not follow {source}")
    broken = seen.problem and (not seen.applying or any(code in seen.problem for code in DIVERGED))
    if seen.following == address and broken:
        return does(Action.MARK_RESEED, node, f"{node.name} cannot follow {source} any more: {seen.problem}")
    why = f": {seen.problem}" if seen.problem else ""
    if seen.following != address or not seen.applying or seen.receiver_ended:
        if node.resting:
            return waits(f"{node.name} could not follow {source} and tries again: {node.resting}")
        stopped = f"stopped receiving{why}; it " if seen.following == address and seen.applying else ""
        return does(Action.FOLLOW, node, f"{node.name} {stopped}follows {source}")
    if refused(seen) and not node.resting:
        return does(Action.FOLLOW, node, f"{node.name} is not let in by {source}: its account is made anew")
    if not seen.receiving:
        return waits(f"{node.name} does not reach {source}{why}")
    return None


def _synchronised(view: View, standby: Node, settings: Settings) -> Decision:
    """It follows: has it caught up, and does the primary wait for it?"""
    leader, seen = view.leader, standby.seen
    if not view.semi_sync:
        return waits(f"{leader.name} takes writes, {standby.name} follows; the mode is asynchronous")
    if view.in_sync:
        return waits(f"{leader.name} takes writes, {standby.name} is in sync")
    if leader.seen.semi_sync:
        if view.sync_point is not None and covers(seen.received, view.sync_point):
            return does(Action.MARK_IN_SYNC, standby, f"{standby.name} has caught up, and {leader.name} waits for it")
        return waits(f"{standby.name} receives the rest while {leader.name} waits for it")
    if leader.seen.trial:
        return _tried(view, standby, settings)
    if view.near:
        return does(Action.TRY, leader, f"{standby.name} has nearly caught up: {leader.name} asks it to acknowledge")
    return waits(f"{standby.name} catches up with {leader.name}")


def _tried(view: View, standby: Node, settings: Settings) -> Decision:
    """It comes again, and is asked, and nobody waits for it: may it be waited for?"""
    name, leader = standby.name, view.leader
    if view.proven is None:
        return waits(f"{name} does not acknowledge in time, so {leader.name} does not wait for it")
    if view.proven < settings.trial - settings.interval / 2:
        return waits(f"{name} acknowledges in time; {leader.name} waits for it when it has done so for {settings.trial:.0f} s")
    return does(Action.SEMI_SYNC_ON, leader, f"{name} acknowledges in time: {leader.name} waits for it")


# -- read replicas -----------------------------------------------------------------------------------------------------
def _replica(view: View, settings: Settings) -> Decision:
    node = view.leader
    if node.reseed:
        if view.source and node.powered and not node.resting:
            return does(Action.RESEED, node, f"{node.name} is rebuilt from its parent's primary")
        return waits(_absence(node) if view.source else f"{node.name} waits for its parent's primary")
    if (decision := _bring_up(node, settings)) is not None:
        return decision
    if not node.seen.answers:
        return waits(_absence(node))
    if not view.seated:
        return does(Action.SEAT, node, f"the address belongs to {node.name}")
    if not view.source:
        return waits(f"{node.name} waits for its parent's primary")
    return _following(node, view.source, "its parent's primary") or waits(f"{node.name} follows its parent's primary")
