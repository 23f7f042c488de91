"""How much of what takes room on a machine each stage has. No import of Pulumi here: `./lab up` counts before anything runs.

A unit test holds these numbers against what the stages' programs ask for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SERVER, DATA_DISK, DATABASE_NODE, BALANCER, ROUTER = "server", "data disk", "database node", "balancer process", "router"
WEB_SERVERS, MOST_WEB_SERVERS = 2, 9  # by default, and at most: a machine for a lab carries no more


def parts(stage: str, config: Mapping[str, Any]) -> dict[str, int]:
    """Number of each part by its name; `config` is the stack's, as in its file. {} for a stage that is not known here."""
    if stage == "single-host":
        return {SERVER: 2, ROUTER: 1}
    if stage == "dual-active":
        web = _web_servers(config)
        return {SERVER: web + 1, DATA_DISK: web, DATABASE_NODE: 2, BALANCER: 2, ROUTER: 1}
    return {}


def _web_servers(config: Mapping[str, Any]) -> int:
    """A number that makes no sense is refused by the program, in its own words."""
    try:
        number = int(config.get("drlab:webServers", WEB_SERVERS))
    except (TypeError, ValueError):
        return WEB_SERVERS
    return number if WEB_SERVERS <= number <= MOST_WEB_SERVERS else WEB_SERVERS
