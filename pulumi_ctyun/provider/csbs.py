"""Vaults and policies of server backup. They carry no marks: each is known by its fixed name, and by the token of its create."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

from ctyun import errors
from ctyun.services.backup_policies import WEEK, BackupPolicy, Rules
from ctyun.services.backup_vaults import Vault
from pulumi_ctyun.kit.serve import PluginError
from pulumi_ctyun.provider.cloud_handler import IN_USE_SECONDS, CloudHandler, until_released
from pulumi_ctyun.provider.exclusive import once_free
from pulumi_ctyun.provider.handler import Created, Desired, Observed, Plain, Recorded
from pulumi_ctyun.resources.declarations.csbs import BACKUP_POLICY, BACKUP_VAULT

BACKUP_SECONDS = 600.0  # a backup that is being made when its vault is to go comes to its end first


class BackupVaultHandler(CloudHandler):
    """`pulumi import ctyun:csbs:BackupVault NAME [REGION/]VAULT-ID`."""

    resource, one_of_a_name = BACKUP_VAULT, True

    async def find_unfinished(self, region: str, desired: Desired) -> Sequence[Observed]:
        found = await self.client.backup_vaults.find(region, desired.inputs["name"])
        return [_seen_vault(found)] if found else []

    async def make(self, region: str, desired: Desired, token: str) -> str:
        inputs = desired.inputs
        vault = await self.client.backup_vaults.create(
            region,
            name=inputs["name"],
            size=inputs["sizeGib"],
            months=inputs["months"],
            client_token=token,
            timeout=desired.timeout,
        )
        return vault.id

    async def look(self, region: str, id: str, state: Plain) -> Observed:
        return _seen_vault(await self.client.backup_vaults.get(region, id))

    async def change(self, region: str, recorded: Recorded, desired: Desired) -> None:
        """In place, with all that is in it; each order has a token that outlives a killed update, so that it is one order."""
        vaults, tokens, size = self.client.backup_vaults, self.cloud.tokens, desired.inputs["sizeGib"]
        vault = await vaults.get(region, recorded.id)
        if size < vault.size:
            raise PluginError(
                f"Backup vault {vault.name} ({vault.id}) has {vault.size} GB and cannot shrink to {size}. Set sizeGib to what it "
                "has."
            )
        if size > vault.size:
            token = tokens.take(f"{desired.mark}.size", {"id": vault.id, "size": size})
            await vaults.enlarge(region, vault.id, size, client_token=token.value, timeout=desired.timeout)
            tokens.forget(f"{desired.mark}.size")
        await self._renew(region, recorded, desired)

    async def _renew(self, region: str, recorded: Recorded, desired: Desired) -> None:
        """By the months that it is paid for more. The cloud does not show them, so what was renewed is noted here until the next
        time: an update that was killed before the state was written must not pay again."""
        tokens, key = self.cloud.tokens, f"{desired.mark}.renewal"
        paid, wanted = recorded.state.get("months"), desired.inputs["months"]
        if paid is None or wanted <= paid:
            return
        what = {"id": recorded.id, "from": paid, "to": wanted}
        earlier = tokens.unfinished(key)
        if earlier is None or not (earlier.id and earlier.is_for(what)):
            token = tokens.take(key, what).value
            await self.client.backup_vaults.renew(region, recorded.id, wanted - paid, client_token=token, timeout=desired.timeout)
            tokens.carried_out(key, recorded.id)

    async def delete(self, recorded: Recorded) -> None:
        """Its backups first, if they are to go with it: the cloud deletes no vault that holds any."""
        region = await self.cloud.region_id(recorded.state["region"])
        timeout = recorded.timeout or BACKUP_SECONDS

        async def empty_and_remove() -> None:
            """Together: a run of a policy that has just been deleted may still begin another backup."""
            if recorded.state.get("deleteBackups"):
                await self._empty(region, recorded.id, timeout)
            await self.remove(region, recorded.id)

        await until_released(empty_and_remove, recorded.timeout or IN_USE_SECONDS)

    async def _empty(self, region: str, vault_id: str, timeout: float) -> None:
        backups = self.client.server_backups
        for backup in reversed(await backups.list(region, vault_id=vault_id)):  # the newest first: no other one needs it
            with contextlib.suppress(errors.NotFound):
                await backups.delete(region, backup.id, timeout=timeout)

    async def remove(self, region: str, id: str) -> None:
        await self.client.backup_vaults.delete(region, id)


def _seen_vault(vault: Vault) -> Observed:
    return Observed(vault.id, {"name": vault.name, "sizeGib": vault.size}, {"vaultId": vault.id})


class BackupPolicyHandler(CloudHandler):
    """`pulumi import ctyun:csbs:BackupPolicy NAME [REGION/]POLICY-ID`."""

    resource, one_of_a_name = BACKUP_POLICY, True

    async def find_unfinished(self, region: str, desired: Desired) -> Sequence[Observed]:
        found = await self.client.backup_policies.list(region, name=desired.inputs["name"])
        return [_seen_policy(policy) for policy in found]

    async def make(self, region: str, desired: Desired, token: str) -> str:
        return await self.client.backup_policies.create(region, name=desired.inputs["name"], rules=_rules(desired.inputs))

    async def settle(self, region: str, id: str, desired: Desired) -> Created:
        inputs = desired.inputs
        bind = self.client.backup_policies.bind
        await once_free(lambda: bind(region, id, instance_ids=inputs["instanceIds"], vault_id=inputs["vaultId"]))
        return desired.reached(id, policyId=id)

    async def look(self, region: str, id: str, state: Plain) -> Observed:
        return _seen_policy(await self.client.backup_policies.get(region, id))

    async def change(self, region: str, recorded: Recorded, desired: Desired) -> None:
        await self.client.backup_policies.update(region, recorded.id, name=desired.inputs["name"], rules=_rules(desired.inputs))

    async def remove(self, region: str, id: str) -> None:
        """Its backups stay in the vault."""
        await self.client.backup_policies.delete(region, id)


def _rules(inputs: Plain) -> Rules:
    kept = inputs["retention"]
    return Rules(
        cycle=inputs["cycle"],
        hours=tuple(inputs["hours"]),
        weekdays=tuple(inputs.get("weekdays") or ()),
        every_days=inputs.get("everyDays"),
        keep_count=kept.get("count"),
        keep_days=kept.get("days"),
        full_interval=inputs["fullInterval"],
        enabled=inputs["enabled"],
    )


def _seen_policy(policy: BackupPolicy) -> Observed:
    rules = policy.rules
    kept = (
        {"count": rules.keep_count} if rules.keep_count else {"days": rules.keep_days} if rules.keep_days else {"forever": True}
    )
    inputs: dict[str, Any] = {
        "name": policy.name,
        "cycle": rules.cycle,
        "hours": list(rules.hours),
        "weekdays": list(rules.weekdays) if rules.cycle == WEEK else None,
        "everyDays": rules.every_days,
        "retention": kept,
        "fullInterval": rules.full_interval,
        "enabled": rules.enabled,
        "vaultId": next(iter(policy.vault_ids), ""),
        "instanceIds": list(policy.instance_ids),
    }
    return Observed(policy.id, inputs, {"policyId": policy.id})
