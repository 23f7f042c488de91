"""Changes of roles that somebody asks for: a switchover, and the promotion of a dead primary's standby by hand."""

from __future__ import annotations

from localcloud.controllers.databases.control_loop import ControlLoop
from localcloud.controllers.databases.ha.decisions import may_lack, trouble, why_not
from localcloud.controllers.databases.ha.memory import serves
from localcloud.controllers.databases.view import ASYNC
from localcloud.engines.interface.errors import EngineError
from localcloud.records.databases import Mysql
from localcloud.records.errors import LocalError

SWITCH_SECONDS = 15.0
PROMOTE_SECONDS = 60.0


class Roles:
    """Begins changes of roles, and waits for their end."""

    def __init__(self, loop: ControlLoop) -> None:
        self._loop = loop

    async def switchover(self, mysql_id: str, node_id: str) -> None:
        """Make this node the primary, nothing lost; returns when the roles have changed. Raises EngineError with the reason when
        it cannot: the old primary takes writes again then."""
        async with self._loop.held(mysql_id) as mysql:
            if mysql.step and mysql.candidate != node_id:
                raise EngineError(f"the roles of MySQL instance {mysql.name} are changing already: {mysql.verdict}")
            if not mysql.step:
                await self._begin_switchover(mysql, node_id)
            await self._loop.change(mysql_id, SWITCH_SECONDS)

    async def _begin_switchover(self, mysql: Mysql, node_id: str) -> None:
        against: list[str] = []
        for _ in range(self._loop.settings.threshold):  # a single look may find a node too slow
            view = await self._loop.look(mysql)
            leader, standby = view.leader, view.standby
            if standby is None or standby.id != node_id:
                raise EngineError(f"node {node_id} is not the standby of MySQL instance {mysql.name}")
            against = why_not(view, standby, loss_accepted=mysql.sync_mode == ASYNC)
            if not serves(leader.seen, leader.fenced):
                against.insert(0, f"{leader.name} does not serve")
            if not against:
                self._loop.actions.begin(mysql, node_id, "manual", "close", f"switchover to {standby.name}")
                return
        raise EngineError(f"the roles of MySQL instance {mysql.name} cannot be switched: {', '.join(against)}")

    async def promote(self, mysql_id: str, accept_loss: bool) -> str:
        """Promote the standby of a dead primary by hand; what was done, in a sentence. Raises LocalError when it is refused."""
        async with self._loop.held(mysql_id) as mysql:
            if mysql.step:
                raise LocalError(409, f"the roles of {mysql.name} are changing already: {mysql.verdict}")
            view = await self._loop.look(mysql)
            leader, standby = view.leader, view.standby if mysql.kind == "pair" else None
            if serves(leader.seen, leader.fenced):
                raise LocalError(409, f"{leader.name} is the primary of {mysql.name} and serves; use a switchover")
            against = why_not(view, standby, loss_accepted=accept_loss)
            if standby is None or against:
                raise LocalError(409, f"nothing of {mysql.name} is promoted: {', '.join(against)}")
            loss = may_lack(view, standby)
            detail = f"{trouble(leader)}; {standby.name} is promoted by hand" + (f"; {loss}" if loss else "")
            why = "unconsfailover" if loss else "failover"
            self._loop.actions.begin(mysql, standby.id, why, "fence", detail, "" if loss else view.received)
            await self._loop.change(mysql_id, PROMOTE_SECONDS)
            return detail
