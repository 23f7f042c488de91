"""Disks by their records: as engines see them, and what may be done with them. Pure questions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from time import time

from localcloud.controllers.faults.power import must_have_power
from localcloud.engines.interface import engines as api
from localcloud.records.compute import DISKS, Disk
from localcloud.records.errors.ebs import DiskBeingCopied, DiskBusy
from localcloud.records.store import Store
from localcloud.records.volumes import CREATING, DISK_BACKUPS, RESTORING, ROLLING_BACK, SNAPSHOTS

AVAILABLE, IN_USE = "available", "in-use"
ATTACHING, DETACHING, RESIZING, DELETING, FAILED = "diskAttaching", "detaching", "resizing", "deleting", "error"
LETTERS = "bcdefghijklmnopqrstuvwxyz"  # /dev/vda is the system disk


def for_engines(disk: Disk, image_id: str = "") -> api.Disk:
    """`image_id`: the server's, for a disk that comes out of a private image."""
    separate = not disk.packaged
    if not disk.image_disk:
        return api.Disk(disk.id, disk.size, disk.device, separate=separate)
    return api.Disk(disk.id, disk.size, disk.device, image_id, disk.image_disk, separate)


def set_free(disk: Disk) -> Disk:
    """A volume that no server has; one that was ordered with a server stays from now on when that goes."""
    return replace(disk, instance_id="", device="", status=AVAILABLE, packaged=False, updated=time())


def idle(disk: Disk) -> Disk:
    """After something was done to it."""
    return replace(disk, status=IN_USE if disk.instance_id else AVAILABLE, grows_to=0, updated=time())


def mark_idle(store: Store, disk_id: str, size: int = 0) -> None:
    """What was done to it is over; `size`: what it has now, if that is new. Fine if it went with its server; the rest of its
    record may have changed meanwhile."""
    if (disk := store.get(DISKS, disk_id)) is not None:
        store.put(DISKS, replace(idle(disk), size=size or disk.size))


def chain(copy: str, base_of: Callable[[str], str | None]) -> tuple[str, ...]:
    """A copy and all that it needs, the full one first."""
    found = [copy]
    while base := base_of(found[0]):
        found.insert(0, base)
    return tuple(found)


def require_idle(store: Store, disk: Disk, *wanted: str) -> None:
    """Raises unless its status is one of those (in-use or available), its zone has power, and it is not being copied."""
    allowed = wanted or (AVAILABLE, IN_USE)
    if disk.status not in allowed:
        raise DiskBusy(disk.id, disk.status, " or ".join(allowed))
    must_have_power(store, disk)
    copies = [f"snapshot {it.id}" for it in store.find(SNAPSHOTS, disk_id=disk.id) if it.status in (CREATING, ROLLING_BACK)]
    copies += [f"backup {it.id}" for it in store.find(DISK_BACKUPS, disk_id=disk.id) if it.status in (CREATING, RESTORING)]
    if copies:
        raise DiskBeingCopied(disk.id, copies)


def free_device(store: Store, instance_id: str) -> str:
    """The first place for a disk in a server: "/dev/vdb", ... (there are more letters than a server may have disks)."""
    taken = {disk.device for disk in store.find(DISKS, instance_id=instance_id)}
    return next(device for letter in LETTERS if (device := f"/dev/vd{letter}") not in taken)


def disks_being_filled(store: Store, region: str, source_id: str) -> list[str]:
    """New disks that are just being filled from a snapshot or a backup."""
    return [disk.id for disk in store.find(DISKS, region=region) if disk.status == CREATING and disk.source_id == source_id]
