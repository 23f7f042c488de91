"""Who has power: pure questions to the records of power faults. Regions and zones are failure domains."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Protocol

from localcloud.records.catalogue import REGIONS
from localcloud.records.compute import FAULTS, Fault
from localcloud.records.errors.ecs import ZoneWithoutPower
from localcloud.records.store import Store


class Powered(Protocol):
    """What needs power: servers, and the processes of balancers."""

    @property
    def id(self) -> str: ...
    @property
    def region(self) -> str: ...
    @property
    def zone(self) -> str: ...
    @property
    def name(self) -> str: ...


@dataclass(frozen=True)
class Scope:
    """What a fault covers: one server, or a zone, or a region. Empty strings stand for "any"."""

    instance: str = ""
    region: str = ""
    zone: str = ""

    def covers(self, instance: Powered) -> bool:
        """The server is in it."""
        if self.instance:
            return instance.id == self.instance
        return instance.region == self.region and self.zone in ("", instance.zone)

    def shown(self) -> str:
        """As people write it: "server:<id>", "zone:华东1/AZ1", "region:华东1"."""
        if self.instance:
            return f"server:{self.instance}"
        region = REGIONS[self.region]
        return f"zone:{region.name}/{region.zone_label(self.zone)}" if self.zone else f"region:{region.name}"

    def fields(self) -> dict[str, str]:
        return asdict(self)


def covers(fault: Fault, instance: Powered) -> bool:
    """The fault's target holds the server, its name prefix included."""
    return Scope(**fault.scope).covers(instance) and instance.name.startswith(fault.name_prefix or "")


def power_faults(store: Store) -> list[Fault]:
    """Power-offs that are in force or just landing."""
    faults = store.find(FAULTS, kind="power-off", phase="landing") + store.find(FAULTS, kind="power-off", phase="active")
    return sorted(faults, key=lambda fault: fault.created)


def fault_over(faults: Iterable[Fault], instance: Powered) -> Fault | None:
    """The first power fault that keeps this server dead."""
    return next((fault for fault in faults if covers(fault, instance)), None)


def must_have_power(store: Store, *things: Powered) -> None:
    """Raises ZoneWithoutPower for the first that a fault keeps dead."""
    faults = power_faults(store)
    for thing in things:
        if fault := fault_over(faults, thing):
            raise ZoneWithoutPower(fault.target, fault.id)


def faults_about(store: Store, scope: Scope, names: set[str], prefix: str | None) -> tuple[list[Fault], list[Fault]]:
    """Active power faults that lie wholly inside the scope, and the others."""
    inside: list[Fault] = []
    outside: list[Fault] = []
    for fault in power_faults(store):
        other = Scope(**fault.scope)
        whole = other == scope or (not other.instance and other.region == scope.region and scope.zone in ("", other.zone))
        contained = other.instance in names if other.instance else whole and (not prefix or fault.name_prefix == prefix)
        (inside if contained else outside).append(fault)
    return inside, outside
