"""What RDS for MySQL offers: products, series and sizes. Nothing here ever changes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from localcloud.records.catalogue import Region

SINGLE, PAIR, REPLICA = "single", "pair", "replica"
VERSIONS = ("5.7", "8.0")
INTEL = "30"  # cpuType
STORAGE = {"SATA": 1, "SAS": 2, "SSD": 3, "SSD-genric": 3, "FAST-SSD": 3}  # as instances show their diskType
STORAGE_GIB = (100, 32768)
BACKUP_STORAGE = ("os", "SATA", "SAS", "SSD", "")  # a name, whichever it is: backups lie beside the nodes
PROD_TYPE = {SINGLE: 0, PAIR: 1, REPLICA: 4}  # prodType of an instance


@dataclass(frozen=True)
class Product:
    """What prodId stands for."""

    id: int
    version: str
    kind: str
    name: str
    description: str


PRODUCTS = {
    product.id: product
    for product in (
        Product(10001003, "5.7", SINGLE, "单机版", "one node"),
        Product(10001103, "8.0", SINGLE, "单机版", "one node"),
        Product(10001001, "5.7", PAIR, "一主一备", "a primary and a standby"),
        Product(10001101, "8.0", PAIR, "一主一备", "a primary and a standby"),
        Product(10001005, "5.7", REPLICA, "只读实例", "a read replica"),
        Product(10001105, "8.0", REPLICA, "只读实例", "a read replica"),
    )
}
TWO_STANDBYS = (10001002, 10001102)  # real products that are not modelled


@dataclass(frozen=True)
class Series:
    """A family of sizes; `number` is instSpec and instanceType in the API, `letter` begins the hostType."""

    number: str
    letter: str
    name: str
    generation: str
    ratios: tuple[int, ...]  # GiB of memory for each CPU


SERIES = {
    series.number: series
    for series in (
        Series("1", "S", "通用型", "S7", (2, 4)),
        Series("2", "C", "计算增强型", "C7", (2, 4)),
        Series("3", "M", "内存优化型", "M7", (8,)),
    )
}
OTHER_SERIES = tuple(str(number) for number in range(4, 16))  # Hygon, Kunpeng and their kin
CPUS = (2, 4, 8, 16)
_SIZE_NAMES = {2: "large", 4: "xlarge", 8: "2xlarge", 16: "4xlarge"}


@dataclass(frozen=True)
class Spec:
    """A size of node."""

    name: str  # "4C8G"
    cpus: int
    memory_gib: int


def specs_of(series: Series) -> dict[str, Spec]:
    """All sizes of a series by name."""
    sizes = [(cpus, cpus * ratio) for ratio in series.ratios for cpus in CPUS]
    return {f"{cpus}C{memory}G": Spec(f"{cpus}C{memory}G", cpus, memory) for cpus, memory in sorted(sizes)}


def templates_shown(region: Region, series: Series) -> Iterator[dict[str, Any]]:
    """The products as the API offers them, with the sizes of one series."""
    specs = specs_of(series)
    for product in PRODUCTS.values():
        node = "readnode" if product.kind == REPLICA else "master"
        yield {
            "prodId": product.id, "prodCode": "MYSQL", "prodSpecName": product.name, "prodSpecDesc": product.description,
            "instanceDesc": series.name, "prodVersion": product.version, "hostSpec": "", "lvsSpec": "",
            "instSpecInfoList": [_spec_shown(region, series, spec) for spec in specs.values()],
            "prodHostConfig": {"hostInsts": [{
                "hostTypeName": product.name, "hostType": node, "prodPerformanceSpeces": list(specs),
                "hostDefaultNum": 2 if product.kind == PAIR else 1,
            }]},
        }  # fmt: skip


def _spec_shown(region: Region, series: Series, spec: Spec) -> dict[str, Any]:
    ratio = spec.memory_gib // spec.cpus
    return {
        "specId": "", "prodPerformanceSpec": spec.name, "azList": list(region.zones), "generation": series.generation,
        "specName": f"{series.generation.lower()}.{_SIZE_NAMES[spec.cpus]}.{ratio}", "cpuType": INTEL, "minRate": "",
        "maxRate": "",
    }  # fmt: skip
