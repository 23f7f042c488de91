"""The next action while roles change, phase by phase.

Failover:    fence -> apply -> check -> open -> address -> mark
Switchover:  close -> catch -> check -> open -> address -> mark

Up to `check` the old primary is the one in the records, and it has every acknowledged write, as nobody else has taken any:
aborting gives it its role back. `open` is stored before the candidate may take its first write. From then on the candidate is the
primary, whatever happens to it: it may have acknowledged writes that nobody else has.
"""

from __future__ import annotations

from localcloud.controllers.databases.ha.gtid import covers, missing
from localcloud.controllers.databases.ha.model import MOST_TRIES, Action, Decision, Node, Settings, View, does, waits


def change(view: View, settings: Settings) -> Decision:
    """The action that `view.phase` names, or what must come before it."""
    candidate = view.node(view.candidate)
    if view.phase in ("apply", "check", "close", "catch") and (why := _lost(view, candidate, settings)):
        return does(Action.ABORT, candidate, why)
    if view.phase in ("open", "address") and (not candidate.seen.answers or view.tries >= MOST_TRIES):
        # The steady state starts it, opens its writes and seats the address, or promotes the old primary if that follows it.
        return does(Action.FINISH, candidate, f"{candidate.name} is the primary, but does not answer now")
    return _PHASES[view.phase](view, candidate, settings)


def _lost(view: View, candidate: Node, settings: Settings) -> str:
    """Why it is given up, before anybody has a new role; "" while it is not."""
    if candidate.bad >= settings.threshold:
        return f"{candidate.name} stopped answering before it was promoted"
    if view.tries >= MOST_TRIES:
        return f"{candidate.name} could not be prepared for its role"
    if view.phase in ("close", "catch") and not view.leader.seen.running:
        return f"{view.leader.name} ended before it had handed over"
    return ""


def _fence(view: View, candidate: Node, settings: Settings) -> Decision:
    return does(Action.FENCE, view.leader, f"the link of {view.leader.name} is taken down, then it is killed")


def _apply(view: View, candidate: Node, settings: Settings) -> Decision:
    if not candidate.seen.answers:
        return waits(f"{candidate.name} does not answer yet")
    how_far = f" ({view.applying}), and takes over then" if view.applying else ""
    return does(Action.APPLY, candidate, f"{candidate.name} applies what it has received{how_far}")


def _check(view: View, candidate: Node, settings: Settings) -> Decision:
    if not candidate.seen.answers:
        return waits(f"{candidate.name} does not answer yet")
    lacks = missing(candidate.seen.gtid, view.phase_gtid)
    if not lacks or not view.in_sync:
        return does(Action.PROMOTE, candidate, f"{candidate.name} has applied all that it had received, and takes writes")
    return does(Action.REJECT, candidate, f"{candidate.name} lacks {lacks} transactions that it had acknowledged")


def _close(view: View, candidate: Node, settings: Settings) -> Decision:
    if view.tries and view.phase_age >= settings.handover:  # clients wait meanwhile
        return does(Action.ABORT, candidate, f"the writes of {view.leader.name} did not end in {settings.handover:.0f} s")
    return does(Action.CLOSE, view.leader, f"{view.leader.name} takes no more writes")


def _catch(view: View, candidate: Node, settings: Settings) -> Decision:
    has_all = covers(candidate.seen.gtid, view.phase_gtid)
    if has_all and view.leader.seen.answers:
        what = f"{candidate.name} has all that {view.leader.name} has, which follows it from now on"
        return does(Action.ATTACH, view.leader, what)
    if view.phase_age > settings.handover:
        late = f"{view.leader.name} did not answer" if has_all else f"{candidate.name} did not have everything"
        return does(Action.ABORT, candidate, f"{late} in {settings.handover:.0f} s")
    return waits(f"{candidate.name} receives the last writes of {view.leader.name}")


def _open(view: View, candidate: Node, settings: Settings) -> Decision:
    return does(Action.PROMOTE, candidate, f"{candidate.name} takes writes")


def _address(view: View, candidate: Node, settings: Settings) -> Decision:
    return does(Action.MOVE, candidate, f"the address goes to {candidate.name}")


def _mark(view: View, candidate: Node, settings: Settings) -> Decision:
    return does(Action.FINISH, candidate, f"{candidate.name} is the primary")


_PHASES = {
    "fence": _fence, "apply": _apply, "check": _check, "close": _close, "catch": _catch, "open": _open, "address": _address,
    "mark": _mark,
}  # fmt: skip
