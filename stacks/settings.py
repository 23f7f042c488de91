"""Every setting of every stage, and the one place that reads the stack's configuration (`drlab:...`)."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import pulumi

from components.checks import Problem, each, inside, network, one, refuse
from pulumi_ctyun.resources.declarations import rds_rules, rules
from pulumi_ctyun.resources.declarations.rds import FAILOVERS, HA_MODES
from stacks.names import STAGE_NAMES
from stacks.sizes import MOST_WEB_SERVERS, WEB_SERVERS

PROJECT = "drlab"
TARGETS = ("local", "ctyun")
LOCAL_REGIONS = {"华东1": "bb9fdb42056f11eda1610242ac110002", "华北2": "200000001852"}  # what the local cloud has, and no more
LOCAL_ZONES = ("AZ1", "AZ2", "AZ3")  # in each of them
OTHER_ADDRESSES = 7  # of the subnet: jump host, balancer and database with their two halves each
KEPT_ADDRESSES = 3  # of a subnet: network, gateway, broadcast
LOCAL_INTERNET = "198.18.0.0/15"  # addresses that reach the local cloud's servers from outside, this machine's included


@dataclass(frozen=True)
class Settings:
    """One line per setting: type, default, reason. In the configuration the names are `drlab:vpcCidr` and so on."""

    target: str = "local"  # never inferred from keys that happen to be there
    confirm_billing: bool = False  # target ctyun costs money, so it wants a second word
    region: str = "华东1"  # the course's own region has no public id; this one has three zones, too
    dr_region: str = "华北2"  # second region of the stages that have one
    zone: str = "AZ1"  # where a single web server and the jump host stand, and the database's primary begins
    standby_zone: str = ""  # where the database's other node stands: another zone; in either order the two mean the same pair
    web_zones: tuple[str, ...] = ()  # where web-01 and the jump host, then web-02, ... stand in turn: the two zones above
    web_servers: int = WEB_SERVERS  # behind the balancer, all but the first from its image; the course's pair
    vpc_cidr: str = "192.168.0.0/16"  # the course's
    subnet_cidr: str = "192.168.1.0/24"  # the course's; leaves room for more
    web_image: str = "debian-12-lamp"  # has the packages: ready in seconds; debian-12 works too, and installs them
    web_flavor: str = "1C1G"  # the course's
    jump_image: str = "debian-12"  # the course uses Windows 2016; SSH does the same work
    jump_flavor: str = "2C4G"  # the course's
    ssh_from: tuple[str, ...] = ()  # who may open SSH to the jump host: local = this machine; ctyun = you must say it
    web_from: tuple[str, ...] = ("0.0.0.0/0",)  # it is a web site
    database_from: tuple[str, ...] = ()  # besides the jump host, nobody reaches the database
    database_flavor: str = "2C4G"  # the smallest that there is with a standby; it can only grow
    database_gib: int = 100  # the smallest that there is; it can only grow
    vault_gib: int = 100  # for backups of the web servers; likewise
    failover: str = "auto"  # manual: the standby says what it would do, and waits
    ha_mode: str = "reliability"  # usability: also a standby that may lack acknowledged writes takes over
    full_access: bool = False  # the course's Sys-FullAccess, everything from everywhere: by choice only

    @property
    def is_local(self) -> bool:
        return self.target == "local"


def load() -> Settings:
    """The settings of the running stack. Raises InvalidArguments (no traceback) with all that is wrong."""
    return read(pulumi.get_stack(), pulumi.runtime.get_config_env())


def read(stack: str, config: Mapping[str, str]) -> Settings:
    """Settings from a stack's configuration, whose values are strings as in its file; keys of other packages are left alone."""
    ours = {key.partition(":")[2]: value for key, value in config.items() if key.startswith(f"{PROJECT}:")}
    problems = [*_unknown(ours), *_idle(stack, ours)]
    values: dict[str, Any] = {}
    for name, key in KEYS.items():
        if key in ours:
            try:
                values[name] = PARSERS[type(getattr(DEFAULTS, name))](ours[key])
            except ValueError as wrong:
                problems.append(Problem(_full(key), str(wrong)))
    settings = Settings(**values)
    problems += [problem for rule in RULES for problem in rule(settings)]
    refuse(f"settings of stack {stack}", problems)
    return _completed(settings)


def _completed(settings: Settings) -> Settings:
    """Defaults that hang on other settings."""
    standby = settings.standby_zone or ("AZ1" if settings.zone == "AZ2" else "AZ2")
    return replace(
        settings,
        ssh_from=settings.ssh_from or (LOCAL_INTERNET,),
        standby_zone=standby,
        web_zones=settings.web_zones or tuple(sorted((settings.zone, standby))),  # whoever leads: servers stay where they are
    )


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _full(key: str) -> str:
    return f"{PROJECT}:{key}"


DEFAULTS = Settings()
KEYS = {field.name: _camel(field.name) for field in fields(Settings)}
PAIRS = (
    "standby_zone",
    "web_zones",
    "web_servers",
    "database_flavor",
    "database_gib",
    "vault_gib",
    "failover",
    "ha_mode",
)
IDLE: Mapping[str, tuple[str, ...]] = {"single-host": PAIRS}  # what a stage has no use for


def _text(said: str) -> str:
    if not said.strip():
        raise ValueError("is empty; leave it out to get the default")
    return said.strip()


def _flag(said: str) -> bool:
    if said.lower() not in ("true", "false"):
        raise ValueError(f"{said!r} is neither true nor false")
    return said.lower() == "true"


def _whole(said: str) -> int:
    try:
        return int(said)
    except ValueError:
        raise ValueError(f"{said!r} is no whole number") from None


def _list(said: str) -> tuple[str, ...]:
    """`a, b` and `["a", "b"]` are both taken."""
    if not said.lstrip().startswith("["):
        return tuple(part.strip() for part in said.split(",") if part.strip())
    try:
        items = json.loads(said)
    except ValueError:
        raise ValueError(f'{said} is no list; write a, b or ["a", "b"]') from None
    if not all(isinstance(item, str) for item in items):
        raise ValueError(f"{said} is no list of texts")
    return tuple(items)


PARSERS: Mapping[type, Callable[[str], Any]] = {str: _text, bool: _flag, int: _whole, tuple: _list}


def _unknown(given: Mapping[str, str]) -> Iterator[Problem]:
    spelt = {key.lower(): key for key in KEYS.values()}
    for key in sorted(given.keys() - KEYS.values()):
        near = difflib.get_close_matches(key.lower(), spelt, n=1)
        yield Problem(_full(key), f"there is no such setting{f'; did you mean {_full(spelt[near[0]])}?' if near else ''}")


def _idle(stack: str, given: Mapping[str, str]) -> Iterator[Problem]:
    """Taken without a word it would seem to have an effect."""
    for name in IDLE.get(stack, ()):
        if KEYS[name] in given:
            users = ", ".join(stage for stage in STAGE_NAMES if name not in IDLE.get(stage, ()))
            yield Problem(_full(KEYS[name]), f"stage {stack} has no use for it; it is a setting of {users}")


def _target(settings: Settings) -> Iterator[Problem]:
    yield from one("drlab:target", settings.target, rules.one_of(*TARGETS))
    if settings.target != "ctyun":
        return
    if not settings.confirm_billing:
        yield Problem("drlab:confirmBilling", "target ctyun creates resources that cost money; set this to true to agree")
    if not settings.ssh_from:
        yield Problem("drlab:sshFrom", "say who may open SSH to the jump host, for example your own address: 203.0.113.7/32")


def _regions(settings: Settings) -> Iterator[Problem]:
    """On CTyun itself `verify` asks the cloud; here the local cloud's two regions are known."""
    if settings.is_local:
        known = rules.one_of(*LOCAL_REGIONS)
        for key, region in (("drlab:region", settings.region), ("drlab:drRegion", settings.dr_region)):
            if region not in LOCAL_REGIONS.values():
                yield from one(key, region, known)
    if LOCAL_REGIONS.get(settings.region, settings.region) == LOCAL_REGIONS.get(settings.dr_region, settings.dr_region):
        yield Problem("drlab:drRegion", f"{settings.dr_region!r} is drlab:region itself; the second region must be another one")


def _places(settings: Settings) -> Iterator[Problem]:
    yield from _zone("drlab:zone", settings, settings.zone)
    if settings.standby_zone:
        yield from _zone("drlab:standbyZone", settings, settings.standby_zone)
    for zone in settings.web_zones:
        yield from _zone("drlab:webZones", settings, zone)
    if settings.standby_zone == settings.zone:
        yield Problem(
            "drlab:standbyZone", f"{settings.zone!r} is drlab:zone, where the primary stands; they would be lost together"
        )
    if settings.web_zones and len(set(settings.web_zones)) < 2:
        yield Problem("drlab:webZones", "names one zone; servers in one zone are lost together")
    if len(set(settings.web_zones)) < len(settings.web_zones):
        yield Problem("drlab:webZones", f"{', '.join(settings.web_zones)}: a zone stands there twice")
    yield from one("drlab:vpcCidr", settings.vpc_cidr, rules.vpc_cidr)
    yield from one("drlab:subnetCidr", settings.subnet_cidr, rules.cidr(16, 28))
    yield from inside("drlab:subnetCidr", settings.subnet_cidr, "drlab:vpcCidr", settings.vpc_cidr)


def _zone(key: str, settings: Settings, zone: str) -> Iterator[Problem]:
    wrong = list(one(key, zone, rules.zone))
    if not wrong and settings.is_local:
        wrong = list(one(key, zone, rules.one_of(*LOCAL_ZONES)))
    yield from wrong


def _servers(settings: Settings) -> Iterator[Problem]:
    yield from one("drlab:webFlavor", settings.web_flavor, rules.flavor)
    yield from one("drlab:jumpFlavor", settings.jump_flavor, rules.flavor)
    if not 2 <= settings.web_servers <= MOST_WEB_SERVERS:
        yield Problem("drlab:webServers", f"is {settings.web_servers}; 2 to {MOST_WEB_SERVERS} make sense here")
        return
    subnet, needed = network(settings.subnet_cidr), settings.web_servers + OTHER_ADDRESSES
    if subnet and subnet.prefixlen <= 28 and needed > subnet.num_addresses - KEPT_ADDRESSES:
        room = subnet.num_addresses - KEPT_ADDRESSES
        yield Problem(
            "drlab:subnetCidr", f"{subnet} has room for {room} addresses; {settings.web_servers} web servers make it {needed}"
        )


def _database(settings: Settings) -> Iterator[Problem]:
    yield from one("drlab:databaseFlavor", settings.database_flavor, rds_rules.size)
    for name, most in (("database_gib", 32768), ("vault_gib", 1024000)):
        size = getattr(settings, name)
        if not 100 <= size <= most:
            yield Problem(_full(KEYS[name]), f"is {size}; 100 to {most} GiB can be had")
    yield from one("drlab:failover", settings.failover, rules.one_of(*FAILOVERS))
    yield from one("drlab:haMode", settings.ha_mode, rules.one_of(*HA_MODES))


def _reach(settings: Settings) -> Iterator[Problem]:
    for name in ("ssh_from", "web_from", "database_from"):
        networks = getattr(settings, name)
        yield from each(_full(KEYS[name]), networks, rules.any_cidr)
        for twice in sorted({entry for entry in networks if networks.count(entry) > 1}):
            yield Problem(_full(KEYS[name]), f"{twice} stands there twice")


RULES: tuple[Callable[[Settings], Iterator[Problem]], ...] = (_target, _regions, _places, _servers, _database, _reach)
