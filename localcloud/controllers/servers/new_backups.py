"""A backup that is to be made of a server, and what may stand in its way."""

from __future__ import annotations

from localcloud.controllers.faults.power import must_have_power
from localcloud.controllers.servers.idle import require_idle
from localcloud.records import backups as records
from localcloud.records.backups import BACKUPS, Backup, Vault
from localcloud.records.catalogue import QUOTAS
from localcloud.records.compute import Instance
from localcloud.records.errors.csbs import BackupBusy, VaultFull
from localcloud.records.errors.image import ChainTooLong
from localcloud.records.identifiers import long_id
from localcloud.records.store import Store

GB = 10**9


def new(server: Instance, vault_id: str, name: str, *, now: float, policy_id: str = "", description: str = "") -> Backup:
    """A backup that is to be made of a server; what is in it is known when it is made."""
    return Backup(
        id=long_id(), region=server.region, zone=server.zone, name=name, description=description, vault_id=vault_id,
        instance_id=server.id, instance_name=server.name, status=records.CREATING, kind=records.INCREMENT, base="",
        policy_id=policy_id, system={}, disks=(), depth=server.image_depth + 1, image_name=server.image_name, used=0, problem="",
        created=now, finished=None, restored=None,
    )  # fmt: skip


def check(store: Store, server: Instance, vault: Vault) -> None:
    """Raises why no backup of the server can be made now."""
    require_idle(server)
    must_have_power(store, server)
    if server.image_depth >= QUOTAS.images_on_images:
        raise ChainTooLong(server.id, server.image_depth)
    if used(store, vault) >= vault.size * GB:
        raise VaultFull(vault.name, vault.size)
    for backup in store.find(BACKUPS, instance_id=server.id):
        if backup.status in (records.CREATING, records.RESTORING):
            raise BackupBusy(backup.id, backup.status)


def used(store: Store, vault: Vault) -> int:
    """Bytes in a vault."""
    return sum(backup.used for backup in store.find(BACKUPS, vault_id=vault.id))
