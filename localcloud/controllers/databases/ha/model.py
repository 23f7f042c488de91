"""What the controller decides by, and what it can decide."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from localcloud.engines.interface.databases import NodeState

MOST_TRIES = 5  # of one action, until something else is done about it
DARK = NodeState(running=False, answers=False, reachable=False)


@dataclass(frozen=True)
class Settings:
    """Times in seconds."""

    interval: float = 1.0  # between two looks at an instance
    look: float = 1.5  # a node that has not answered by then did not serve
    slow: float = 0.5  # a look that takes longer says that this whole machine is slow
    threshold: int = 3  # looks in a row that find a node not serving, until it is taken for dead; one less is excused
    grace: float = 5.0  # a standby silent for so long is marked out of sync, and the primary goes on alone
    trial: float = 3.0  # a standby that comes again acknowledges in time for so long before the primary waits for it
    handover: float = 2.0  # a switchover whose standby does not have everything by then falls back


@dataclass(frozen=True)
class Node:
    """One node: what its records say, what was seen of it now, and how often in a row it did not serve."""

    id: str
    name: str
    address: str
    powered: bool = True  # nothing keeps it from being started
    wanted: bool = True  # its owner has not stopped it
    fenced: bool = False  # its link is down at the router
    reseed: bool = False  # its data must be replaced before it may follow or lead
    resting: str = ""  # why what was to be done to it failed a moment ago
    bad: int = 0
    excused: int = 0  # looks besides that found it silent, while this whole machine was slow
    seen: NodeState = DARK


@dataclass(frozen=True)
class View:
    """One instance at one moment."""

    kind: str  # "single" | "pair" | "replica"
    primary: str  # id of a node
    nodes: tuple[Node, ...]
    in_sync: bool = False  # the standby has every acknowledged write; stored
    reliable: bool = True  # never lose an acknowledged write, rather than be available
    semi_sync: bool = True  # the instance's synchronisation mode, else asynchronous
    automatic: bool = True  # fail over by itself, else say what it would do
    phase: str = ""  # how far a change of roles has come, "" while none is under way; stored
    candidate: str = ""
    phase_gtid: str = ""
    reason: str = ""  # "manual" | "failover" | "unconsfailover" (by hand, loss accepted)
    phase_age: float = 0.0  # seconds since the phase began
    tries: int = 0  # how often in a row an action of this phase has failed
    applying: str = ""  # how far the candidate is with what it had received, where that takes longer
    given_up: str = ""  # why a failover was given up a moment ago; the next one waits for that moment to pass
    silent: float = 0.0  # seconds since the primary heard its standby
    received: str = ""  # the furthest that the standby was seen to have
    written: str = ""  # the furthest that the primary was seen to be
    near: bool = False  # the standby has received what the primary had at the look before
    proven: float | None = None  # seconds for which the standby has acknowledged in time, with nobody waiting for it
    sync_point: str | None = None  # what the standby must have to be in sync again; None while semi-sync is not on
    seated: bool = True  # the instance's address is known to be at its primary
    source: str = ""  # of a read replica: address of its parent's primary, "" while that one does not serve
    others: dict[str, Node] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "others", {node.id: node for node in self.nodes})

    def node(self, node_id: str) -> Node:
        return self.others[node_id]

    @property
    def leader(self) -> Node:
        return self.node(self.primary)

    @property
    def standby(self) -> Node | None:
        return next((node for node in self.nodes if node.id != self.primary), None)


class Action(StrEnum):
    """What can be done next. Each may be repeated, and each is complete in itself: a daemon may die before and after it."""

    WAIT = "wait"
    BOOT = "boot"  # read-only, replication stopped, link down
    KILL = "kill"  # a process that hangs
    ADMIT = "admit"  # link up
    SEAT = "seat the address"
    OPEN = "open writes"  # of the primary, which follows nobody
    FOLLOW = "follow"  # what was received before is applied first
    SEMI_SYNC_ON = "semi-sync on"
    SEMI_SYNC_OFF = "semi-sync off"
    TRY = "try the standby"  # it is asked for acknowledgements, and nobody waits for one longer than a moment
    GO_ALONE = "go on alone"  # stored: the standby lacks writes; then semi-sync off, and the standby's connections ended
    MARK_OUT_OF_SYNC = "mark out of sync"
    MARK_IN_SYNC = "mark in sync"
    MARK_RESEED = "mark for reseed"
    RESEED = "reseed"
    BEGIN = "begin failover"
    FENCE = "fence"  # link down at the router, then kill
    APPLY = "apply all"  # stop the receiver, apply what it has; again and again where that takes longer
    CLOSE = "close writes"
    ATTACH = "attach"  # the old primary follows the candidate
    PROMOTE = "promote"  # no source any more, semi-sync; stored: the candidate is the primary; then read_only off
    MOVE = "move the address"
    FINISH = "finish"  # after a failover all others are marked for reseed
    ABORT = "abort"  # nobody has changed roles; the primary opens again
    REJECT = "reject"  # the same, and stored: the candidate lacks writes


@dataclass(frozen=True)
class Decision:
    """The next action, and the sentence that says what was seen and why."""

    action: Action
    node_id: str  # of the node that it is done to (or, for what is stored, that it is about); "" for none
    reason: str


def does(action: Action, node: Node, reason: str) -> Decision:
    return Decision(action, node.id, reason)


def waits(reason: str) -> Decision:
    return Decision(Action.WAIT, "", reason)
