"""Vaults and policies of server backup. They carry no marks: each is known by its fixed name, and by the token of its create."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

from ctyun import errors
from ctyun.services.backup_policies import WEEK, BackupPolicy, Rules
from ctyun.services.backup_vaults import Vault
from plugins.kit.serve import PluginError
from pulumi_ctyun.provider.cloud_handler import IN_USE_SECONDS, CloudHandler, until_released
from pulumi_ctyun.provider.exclusive import once_free
from pulumi_ctyun.provider.handler import Known, Made, Plain, Seen, Wish
from pulumi_ctyun.resources.declarations.csbs import BACKUP_POLICY, BACKUP_VAULT

BACKUP_SECONDS = 600.0  # a backup that is being made when its vault is to go comes to its end first


class BackupVaultHandler(CloudHandler):
    """`pulumi import ctyun:csbs:BackupVault NAME [REGION/]VAULT-ID`."""

    resource, one_of_a_name = BACKUP_VAULT, True

    async def left_over(self, region: str, wish: Wish) -> Sequence[Seen]:
        found = await self.client.backup_vaults.find(region, wish.inputs["name"])
        return [_seen_vault(found)] if found else []

    async def make(self, region: str, wish: Wish, token: str) -> str:
        inputs = wish.inputs
        vault = await self.client.backup_vaults.create(
            region, name=inputs["name"], size=inputs["sizeGib"], months=inputs["months"], client_token=token, timeout=wish.timeout
        )
        return vault.id

    async def look(self, region: str, id: str, state: Plain) -> Seen:
        return _seen_vault(await self.client.backup_vaults.get(region, id))

    async def change(self, region: str, known: Known, wish: Wish) -> None:
        """In place, with all that is in it; each order has a token that outlives a killed update, so that it is one order."""
        vaults, tokens, size = self.client.backup_vaults, self.cloud.tokens, wish.inputs["sizeGib"]
        vault = await vaults.get(region, known.id)
        if size < vault.size:
            raise PluginError(
                f"Backup vault {vault.name} ({vault.id}) has {vault.size} GB and cannot shrink to {size}. Set sizeGib to what it "
                "has."
            )
        if size > vault.size:
            token = tokens.take(f"{wish.mark}.size", {"id": vault.id, "size": size})
            await vaults.enlarge(region, vault.id, size, client_token=token.value, timeout=wish.timeout)
            tokens.forget(f"{wish.mark}.size")
        await self._renew(region, known, wish)

    async def _renew(self, region: str, known: Known, wish: Wish) -> None:
        """By the months that it is paid for more. The cloud does not show them, so what was renewed is noted here until the next
        time: an update that was killed before the state was written must not pay again."""
        tokens, key = self.cloud.tokens, f"{wish.mark}.renewal"
        paid, wanted = known.state.get("months"), wish.inputs["months"]
        if paid is None or wanted <= paid:
            return
        what = {"id": known.id, "from": paid, "to": wanted}
        earlier = tokens.unfinished(key)
        if earlier is None or not (earlier.id and earlier.is_for(what)):
            token = tokens.take(key, what).value
            await self.client.backup_vaults.renew(region, known.id, wanted - paid, client_token=token, timeout=wish.timeout)
            tokens.carried_out(key, known.id)

    async def delete(self, known: Known) -> None:
        """Its backups first, if they are to go with it: the cloud deletes no vault that holds any."""
        region = await self.cloud.region_id(known.state["region"])
        timeout = known.timeout or BACKUP_SECONDS

        async def empty_and_remove() -> None:
            """Together: a run of a policy that has just been deleted may still begin another backup."""
            if known.state.get("deleteBackups"):
                await self._empty(region, known.id, timeout)
            await self.remove(region, known.id)

        await until_released(empty_and_remove, known.timeout or IN_USE_SECONDS)

    async def _empty(self, region: str, vault_id: str, timeout: float) -> None:
        backups = self.client.server_backups
        for backup in reversed(await backups.list(region, vault_id=vault_id)):  # the newest first: no other one needs it
            with contextlib.suppress(errors.NotFound):
                await backups.delete(region, backup.id, timeout=timeout)

    async def remove(self, region: str, id: str) -> None:
        await self.client.backup_vaults.delete(region, id)


def _seen_vault(vault: Vault) -> Seen:
    return Seen(vault.id, {"name": vault.name, "sizeGib": vault.size}, {"vaultId": vault.id})


class BackupPolicyHandler(CloudHandler):
    """`pulumi import ctyun:csbs:BackupPolicy NAME [REGION/]POLICY-ID`."""

    resource, one_of_a_name = BACKUP_POLICY, True

    async def left_over(self, region: str, wish: Wish) -> Sequence[Seen]:
        found = await self.client.backup_policies.list(region, name=wish.inputs["name"])
        return [_seen_policy(policy) for policy in found]

    async def make(self, region: str, wish: Wish, token: str) -> str:
        return await self.client.backup_policies.create(region, name=wish.inputs["name"], rules=_rules(wish.inputs))

    async def settle(self, region: str, id: str, wish: Wish) -> Made:
        inputs = wish.inputs
        bind = self.client.backup_policies.bind
        await once_free(lambda: bind(region, id, instance_ids=inputs["instanceIds"], vault_id=inputs["vaultId"]))
        return wish.reached(id, policyId=id)

    async def look(self, region: str, id: str, state: Plain) -> Seen:
        return _seen_policy(await self.client.backup_policies.get(region, id))

    async def change(self, region: str, known: Known, wish: Wish) -> None:
        await self.client.backup_policies.update(region, known.id, name=wish.inputs["name"], rules=_rules(wish.inputs))

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


def _seen_policy(policy: BackupPolicy) -> Seen:
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
    return Seen(policy.id, inputs, {"policyId": policy.id})
