"""Backups of whole servers by the clock, in a vault of their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pulumi
from pulumi import Input, Output

from pulumi_ctyun.resources import BackupPolicy, BackupVault, RetentionArgs
from pulumi_ctyun.resources.declarations import csbs

from .checks import Problem, one, refuse
from .network import Network


@dataclass(frozen=True)
class BackupArgs:
    """Which servers, at which hours of the day (China's time), and how long backups are kept."""

    network: Network
    instance_ids: Sequence[Input[str]]
    hours: Sequence[int] = (2,)  # few visitors
    keep: int = 7  # of each server: a week
    full_interval: int = 6  # incremental ones between two full ones: one full one a week
    vault_gib: int = 100  # the smallest that there is

    def problems(self) -> Iterator[Problem]:
        if not self.instance_ids:
            yield Problem("instance_ids", "is empty; there is nothing to back up")
        wrong = [hour for hour in self.hours if not 0 <= hour <= 23]
        if wrong or not self.hours:
            yield Problem("hours", f"{list(self.hours)} must be hours of the day, 0 to 23, at least one")
        if self.keep < 1:
            yield Problem("keep", f"is {self.keep}; at least the newest backup must be kept")
        if self.vault_gib < 100:
            yield Problem("vault_gib", f"is {self.vault_gib}; 100 is the smallest")

    def name_problems(self, name: str) -> Iterator[Problem]:
        """Of a backup with this name: what its parts are called in the cloud may be too long."""
        full_name = f"{self.network.prefix}-{name}"
        yield from one("name", f"{full_name}-vault", csbs.vault_name)
        yield from one("name", f"{full_name}-policy", csbs.policy_name)


class Backup(pulumi.ComponentResource):
    """A vault, and a policy that fills it every day."""

    def __init__(self, name: str, args: BackupArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        refuse(f"backup {name}", [*args.name_problems(name), *args.problems()])
        super().__init__("drlab:backup:Backup", name, None, opts)
        region, full_name = args.network.region, f"{args.network.prefix}-{name}"
        child = pulumi.ResourceOptions(parent=self)
        self.vault = BackupVault(f"{name}-vault", region=region, name=f"{full_name}-vault", size_gib=args.vault_gib, opts=child)
        self.policy = BackupPolicy(
            f"{name}-policy",
            region=region,
            name=f"{full_name}-policy",
            cycle="day",
            hours=args.hours,
            retention=RetentionArgs(count=args.keep),
            full_interval=args.full_interval,
            vault_id=self.vault.vault_id,
            instance_ids=args.instance_ids,
            opts=child,
        )
        self.register_outputs({"policyId": self.policy_id})

    @property
    def policy_id(self) -> Output[str]:
        """Id of the policy: to run it at once, or to look at its backups."""
        return self.policy.policy_id
