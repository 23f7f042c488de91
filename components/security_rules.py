"""Who may reach what: security group rules as pure functions of addresses and groups.

Outgoing traffic is free everywhere; on the way in, what no rule accepts is dropped.
"""

from __future__ import annotations

from collections.abc import Sequence

from pulumi import Input

from pulumi_ctyun.resources import RuleArgs

ANYWHERE = "0.0.0.0/0"
SSH, HTTP, MYSQL = "22", "80", "3306"

OUTGOING = RuleArgs(direction="egress", action="accept", protocol="ANY", cidr=ANYWHERE, description="everything out")


def from_networks(ports: str, networks: Sequence[str], description: str) -> list[RuleArgs]:
    """TCP to these ports from these networks."""
    return [
        RuleArgs(direction="ingress", action="accept", protocol="TCP", ports=ports, cidr=cidr, description=description)
        for cidr in networks
    ]


def from_group(ports: str, group_id: Input[str], description: str) -> RuleArgs:
    """TCP to these ports from the members of a security group."""
    return RuleArgs(direction="ingress", action="accept", protocol="TCP", ports=ports, groupId=group_id, description=description)


def jump_host(ssh_from: Sequence[str]) -> list[RuleArgs]:
    """SSH from the administrators' networks."""
    return [*from_networks(SSH, ssh_from, "SSH from administrators"), OUTGOING]


def web_server(web_from: Sequence[str], jump_group_id: Input[str], database_from: Sequence[str]) -> list[RuleArgs]:
    """The site from its visitors; SSH and the database from the jump host, the database from chosen networks too."""
    return [
        *from_networks(HTTP, web_from, "web site"),
        from_group(SSH, jump_group_id, "SSH from the jump host"),
        from_group(MYSQL, jump_group_id, "database from the jump host"),
        *from_networks(MYSQL, database_from, "database"),
        OUTGOING,
    ]


def database(web_groups: Sequence[Input[str]], jump_groups: Sequence[Input[str]], networks: Sequence[str]) -> list[RuleArgs]:
    """MySQL from the web servers and the jump host, and from chosen networks."""
    return [
        *(from_group(MYSQL, group_id, "database from the web servers") for group_id in web_groups),
        *(from_group(MYSQL, group_id, "database from the jump host") for group_id in jump_groups),
        *from_networks(MYSQL, networks, "database"),
        OUTGOING,
    ]


def everything() -> list[RuleArgs]:
    """The course's Sys-FullAccess: no protection at all."""
    anything = RuleArgs(direction="ingress", action="accept", protocol="ANY", cidr=ANYWHERE, description="everything in")
    return [anything, OUTGOING]
