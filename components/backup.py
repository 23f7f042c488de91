"""Backups of whole servers by the clock, in a vault of their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pulumi
from pulumi import Input, Output

from pulumi_ctyun.resources import BackupPolicy, BackupVault, RetentionArgs
from pulumi_ctyun.resources.declarations import csbs

from .base import Component
from .checks import Problem, not_less, one
from .inputs import joined
from .network import Network, NetworkIds


@dataclass(frozen=True)
class BackupArgs:
    """Which servers, at which hours of the day (China's time), and how long backups are kept."""

    network: Network | NetworkIds
    instance_ids: Input[Sequence[Input[str]]]
    hours: Input[Sequence[Input[int]]] = (2,)  # few visitors
    keep: Input[int] = 7  # of each server: a week
    full_interval: Input[int] = 6  # incremental ones between two full ones: one full one a week
    vault_gib: Input[int] = 100  # the smallest that there is

    def problems(self) -> Iterator[Problem]:
        if isinstance(self.instance_ids, Sequence) and not self.instance_ids:
            yield Problem("instance_ids", "is empty; there is nothing to back up")
        yield from one("hours", self.hours, _hours)
        yield from one("keep", self.keep, not_less(1, "at least the newest backup must be kept"))
        yield from one("vault_gib", self.vault_gib, not_less(100, "100 is the smallest"))

    def name_problems(self, name: str) -> Iterator[Problem]:
        """Of a backup with this name: what its parts are called in the cloud may be too long."""
        full_name = joined(self.network.prefix, f"-{name}")
        yield from one("name", joined(full_name, "-vault"), csbs.vault_name)
        yield from one("name", joined(full_name, "-policy"), csbs.policy_name)


class Backup(Component):
    """A vault, and a policy that fills it every day."""

    policy_id: Output[str]
    """Id of the policy: to run it at once, or to look at its backups."""
    vault_id: Output[str]

    def __init__(self, name: str, args: BackupArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("backup:Backup", name, "backup", [*args.name_problems(name), *args.problems()], opts)
        region, full_name = args.network.region, joined(args.network.prefix, f"-{name}")
        self.vault = BackupVault(
            f"{name}-vault", region=region, name=joined(full_name, "-vault"), size_gib=args.vault_gib, opts=self.child
        )
        self.policy = BackupPolicy(
            f"{name}-policy",
            region=region,
            name=joined(full_name, "-policy"),
            cycle="day",
            hours=args.hours,
            retention=RetentionArgs(count=args.keep),
            full_interval=args.full_interval,
            vault_id=self.vault.vault_id,
            instance_ids=args.instance_ids,
            opts=self.child,
        )
        self.policy_id, self.vault_id = self.policy.policy_id, self.vault.vault_id
        self.register()


def _hours(hours: Sequence[int]) -> str | None:
    if hours and all(0 <= hour <= 23 for hour in hours):
        return None
    return f"{list(hours)} must be hours of the day, 0 to 23, at least one"
