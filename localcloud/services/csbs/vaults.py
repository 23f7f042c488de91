"""Vaults of server backup: ordered, shown, enlarged, renewed, given back."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from localcloud.api.calls import Call, page, paged
from localcloud.records import orders
from localcloud.records.backups import BACKUP_POLICIES, BACKUPS, VAULTS, Vault
from localcloud.records.catalogue import QUOTAS
from localcloud.records.eips import cycle_seconds, expiry
from localcloud.records.errors.csbs import VaultInUse, VaultNameDuplicated
from localcloud.records.identifiers import long_id
from localcloud.services.csbs import model
from localcloud.services.ebs.model import read_labels

NAME = re.compile(r"\S.{0,61}\S")
NAME_RULE = "2-63 characters, no blank first or last"
SMALLEST, LARGEST = 100, 1_024_000  # GB


def create_vault(call: Call) -> dict[str, Any]:
    fields, region = call.fields, call.region()
    name = fields.name("repositoryName", required=True, rule=NAME, says=NAME_RULE)
    cycle = fields.choice("cycleType", ("MONTH", "YEAR"), required=True)
    count = fields.integer("cycleCount", low=1, high=60 if cycle == "MONTH" else 5, required=True)
    size = fields.integer("size", low=SMALLEST, high=LARGEST, default=SMALLEST)
    fields.only("autoScaling", False)
    labels, project = read_labels(fields), fields.project()
    fields.check()
    call.is_free(VAULTS, VaultNameDuplicated, name, region=region.id)
    call.has_room(VAULTS, QUOTAS.vaults, "backup vaults in this region", region=region.id)
    clock = call.cloud.clock
    expires = (expiry(cycle, count) or 0) + clock.offset
    vault = call.store.put(VAULTS, Vault(long_id(), region.id, name, size, expires, project, labels, clock.now()))
    return _ordered(call, "csbs-vault-create", vault)


def list_vaults(call: Call) -> dict[str, Any]:
    fields, region = call.fields, call.region()
    vault_id, name = fields.text("repositoryID"), fields.text("repositoryName")
    status = fields.choice("status", ("active", "master_order_creating", "expired", "freezing"))
    number, size = page(call)
    fields.check()
    found = [
        vault
        for vault in call.store.find(VAULTS, region=region.id)
        if vault_id in ("", vault.id) and name in vault.name and status in ("", "active")
    ]
    return paged("results", [model.shown_vault(call.store, vault) for vault in found], number, size)


def enlarge_vault(call: Call) -> dict[str, Any]:
    """`size` is what it has afterwards."""
    size = call.fields.integer("size", low=SMALLEST, high=LARGEST, required=True)
    vault = call.one(VAULTS, "repositoryID")
    if size <= vault.size:
        call.fields.problem("size", f"is {size}; vault {vault.name} has {vault.size} GB, and can only grow")
    call.fields.check()
    return _ordered(call, "csbs-vault-enlarge", call.store.put(VAULTS, replace(vault, size=size)))


def renew_vault(call: Call) -> dict[str, Any]:
    """Longer by so many months or years, from its end on; from now on when that has passed."""
    cycle = call.fields.choice("cycleType", ("MONTH", "YEAR"), required=True)
    count = call.fields.integer("cycleCount", low=1, high=60 if cycle == "MONTH" else 5, required=True)
    vault = call.one(VAULTS, "repositoryID")
    expires = max(vault.expires, call.cloud.clock.now()) + cycle_seconds(cycle, count)
    return _ordered(call, "csbs-vault-renew", call.store.put(VAULTS, replace(vault, expires=expires)))


def delete_vault(call: Call) -> dict[str, Any]:
    """Refused while there is a backup in it, or a policy would put some into it."""
    vault = call.one(VAULTS, "repositoryID")
    users = [f"backup {backup.name} ({backup.id})" for backup in call.store.find(BACKUPS, vault_id=vault.id)]
    users += [f"policy {policy.name} ({policy.id})" for policy in call.store.find(BACKUP_POLICIES, vault_id=vault.id)]
    if users:
        raise VaultInUse(vault.id, users)
    call.store.delete(VAULTS, vault.id)
    return _ordered(call, "csbs-vault-release", vault)


def _ordered(call: Call, kind: str, vault: Vault) -> dict[str, Any]:
    """There is nothing to wait for: the order is finished when it is answered."""
    order = orders.place(call.store, vault.region, kind, "CSBS", (vault.id,))
    orders.close(call.store, order.id)
    return orders.placed(order)
