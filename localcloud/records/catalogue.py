"""What the cloud offers: regions with their real ids and zones, flavours, images and quotas. Nothing here ever changes."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import NAMESPACE_OID, uuid5


@dataclass(frozen=True)
class Region:
    """A resource pool of three zones. `zones` are the API's azNames; AZ1 on the command line is the first of them."""

    id: str
    name: str
    code: str
    parent: str
    zones: tuple[str, ...]

    def zone_label(self, zone: str) -> str:
        """ "AZ1" for the first zone, and so on."""
        return f"AZ{self.zones.index(zone) + 1}"


@dataclass(frozen=True)
class Flavor:
    """A size of server; its id differs per region and zone."""

    name: str
    series: str
    type: str
    cpus: int
    memory_gib: int

    def id_in(self, region: Region, zone: str) -> str:
        return str(uuid5(NAMESPACE_OID, f"flavor {region.id} {zone} {self.name}"))


@dataclass(frozen=True)
class Image:
    """A public image; `engine` is the short name of the Docker image behind it."""

    name: str
    engine: str
    description: str
    version: str = "12"
    disk_gib: int = 10

    def id_in(self, region: Region) -> str:
        return str(uuid5(NAMESPACE_OID, f"image {region.id} {self.name}"))


REGIONS = {
    region.id: region
    for region in (
        Region(
            "bb9fdb42056f11eda1610242ac110002", "华东1", "cn-huadong1-public-ctcloud", "江苏",
            tuple(f"cn-huadong1-jsnj{number}A-public-ctcloud" for number in (1, 2, 3)),
        ),
        Region(
            "200000001852", "华北2", "cn-huabei2-public-ctcloud", "天津",
            ("cn-huabei2-tj1A-public-ctcloud", "cn-huabei2-tj-2a-public-ctcloud", "cn-huabei2-tj-3a-public-ctcloud"),
        ),
    )
}  # fmt: skip

FLAVORS = tuple(
    Flavor(f"{family}.{size}.{ratio}", family[0], f"CPU_{family.upper()}", cpus, cpus * ratio)
    for family in ("s7", "c7")
    for size, cpus in (("small", 1), ("medium", 1), ("large", 2), ("xlarge", 4), ("2xlarge", 8))
    for ratio in (1, 2, 4)
    if (size, ratio) not in {("medium", 1), ("medium", 4)}
)

IMAGES = (
    Image("debian-12", "debian", "Debian 12, bare"),
    Image("debian-12-lamp", "debian-lamp", "Debian 12 with Apache, PHP and MariaDB"),
)


@dataclass(frozen=True)
class Quotas:
    """Per region, except where said; small, so that a test can meet each of them."""

    vpcs: int = 10
    subnets_per_vpc: int = 20
    security_groups: int = 50
    rules_per_group: int = 50
    groups_per_nic: int = 5
    eips: int = 20
    key_pairs: int = 20
    balancers: int = 10
    listeners_per_balancer: int = 10
    targets_per_group: int = 20
    target_groups: int = 20
    health_checks: int = 20
    certificates: int = 20
    mysqls: int = 10
    replicas_per_mysql: int = 5
    mysql_backups: int = 20
    white_lists_per_mysql: int = 10
    addresses_per_white_list: int = 50
    servers: int = 50
    data_disks_per_server: int = 8
    servers_per_order: int = 50
    labels_per_server: int = 10
    volumes: int = 20  # in no server, or ordered by themselves
    snapshots_per_disk: int = 30
    snapshot_policies: int = 10
    disk_vaults: int = 5
    images: int = 10
    vaults: int = 10
    backup_policies: int = 10
    images_on_images: int = 50  # an image of a server from an image of a server...: Docker can stack 125 layers


QUOTAS = Quotas()


def flavor_by_id(region: Region, zone: str, flavor_id: str) -> Flavor | None:
    """The flavour with this id in this zone."""
    return next((flavor for flavor in FLAVORS if flavor.id_in(region, zone) == flavor_id), None)


def flavor_by_name(name: str) -> Flavor | None:
    """The flavour with this name, e.g. "s7.small.1"."""
    return next((flavor for flavor in FLAVORS if flavor.name == name), None)


def image_by_id(region: Region, image_id: str) -> Image | None:
    """The image with this id in this region."""
    return next((image for image in IMAGES if image.id_in(region) == image_id), None)
