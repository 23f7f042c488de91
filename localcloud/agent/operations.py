"""The table of what the agent can do, by the names that travel on its socket."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from localcloud.agent.ops import addresses, cgroups, databases, disks, host, links, processes, router, scan

OPERATIONS: Mapping[str, Callable[..., Any]] = {
    "ping": host.ping,
    "host.facts": host.facts,
    "host.guard": host.guard,
    "host.unguard": host.unguard,
    "router.apply": router.apply,
    "link.plug": links.plug,
    "address.assign": addresses.assign,
    "address.withdraw": addresses.withdraw,
    "disk.attach": disks.attach,
    "disk.show": disks.show,
    "disk.hide": disks.hide,
    "disk.resize": disks.resize,
    "disk.shutdown": disks.shutdown,
    "disk.write_out": disks.write_out,
    "disk.freeze": disks.freeze,
    "disk.thaw": disks.thaw,
    "disk.detach": disks.detach,
    "disk.fill": disks.fill,
    "disk.free": disks.free,
    "database.mount": databases.mount,
    "database.greets": databases.greets,
    "database.keep_log": databases.keep_log,
    "process.kill": processes.kill,
    "process.end": processes.end,
    "cgroup.reap": cgroups.reap,
    "scan": scan.scan,
}
