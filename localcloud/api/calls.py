"""What a handler gets and what a route says: handlers are plain functions on the store, run in one transaction.

What engines must do before a call (look at the servers, ask the balancers) is declared by its route; what they must do after
it (apply networks and balancers before the answer, start tasks once the records are stored) the handler asks of its `Call`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from localcloud.api.inputs import Fields
from localcloud.records.balancers import BALANCERS
from localcloud.records.catalogue import REGIONS, Region
from localcloud.records.compute import INSTANCES, Job, Order
from localcloud.records.databases import MYSQLS
from localcloud.records.errors import NameDuplicated, ParameterError, QuotaExceeded
from localcloud.records.store import Kind, R, Store

if TYPE_CHECKING:
    from localcloud.controllers.cloud import Cloud

NOWHERE = Region("", "", "", "", ())  # stands for an unknown region until `Fields.check` raises

Task = Callable[[], Coroutine[Any, Any, None]]


@dataclass
class Call:
    """One call of a product's API."""

    cloud: Cloud
    fields: Fields
    networks: set[str] = field(default_factory=set)
    tasks: list[Task] = field(default_factory=list)
    balancers: set[str] = field(default_factory=set)
    message: str = "success"
    still_open: str = ""  # a product's code for "your order is in progress", where it is answered so
    headers: Mapping[str, str] = field(default_factory=dict)  # a product's own, lower-case names
    last: Callable[[], Awaitable[Any]] | None = None

    @property
    def store(self) -> Store:
        return self.cloud.store

    def region(self) -> Region:
        """The region that `regionID` names; an unknown one is noted as a problem."""
        region_id = self.fields.text("regionID", required=True)
        if region_id and region_id not in REGIONS:
            known = ", ".join(f"{region.id} ({region.name})" for region in REGIONS.values())
            self.fields.problem("regionID", f"{region_id!r} is not a region; there are {known}")
        return REGIONS.get(region_id, NOWHERE)

    def zone(self, region: Region, name: str = "azName", required: bool = False) -> str:
        """An azName of that region; an unknown one is noted as a problem."""
        zone = self.fields.text(name, required=required)
        if zone and region is not NOWHERE and zone not in region.zones:
            self.fields.problem(name, f"{zone!r} is not a zone of {region.name}; there are {', '.join(region.zones)}")
        return zone

    def one(self, kind: Kind[R], name: str, old_name: str = "") -> R:
        """The record of this region that a field names. Raises what is wrong with the call: all other fields were read before.

        `old_name`: what the field was called once; where a call has both, the newer one counts. Some clients name the zone, too.
        """
        older = self.fields.text(old_name) if old_name else ""
        region, record_id = self.region(), self.fields.text(name, required=not older) or older
        self.zone(region)
        self.fields.check()
        return self.store.require(kind, record_id, region.id)

    def has_room(self, kind: Kind[Any], limit: int, what: str, **where: str) -> None:
        """Raises QuotaExceeded when there are `limit` such records already."""
        if self.store.count(kind, **where) >= limit:
            raise QuotaExceeded(what, limit)

    def is_free(self, kind: Kind[Any], taken: type[NameDuplicated], name: str, own_id: str = "", **where: str) -> None:
        """Raises `taken` when another such record has the name; "" is no name."""
        if "name" in kind.indexed:
            where["name"] = name
        for other in self.store.find(kind, **where) if name else ():
            if other.name == name and other.id != own_id:
                raise taken(name, other.id)

    def touches(self, vpc_id: str) -> None:
        """The VPC's network must be applied before the call is answered (nothing to do while nothing is in it)."""
        if any(self.store.count(kind, vpc_id=vpc_id) for kind in (INSTANCES, BALANCERS, MYSQLS)):
            self.cloud.networks.mark(vpc_id)
            self.networks.add(vpc_id)

    def rebalances(self, balancer_id: str) -> None:
        """The balancer must have its new configuration before the call is answered."""
        self.balancers.add(balancer_id)

    def afterwards(self, task: Task) -> None:
        """Start a background task once the call's records are stored."""
        self.tasks.append(task)

    def carries_out(self, placed: Order | Job) -> None:
        """See the order or job to its end in the background, once the call's records are stored."""
        self.afterwards(lambda: self.cloud.work.carry_out(placed))

    def answers_with(self, work: Callable[[], Awaitable[Any]]) -> None:
        """Await this once the call's records are stored and its networks applied; what it returns is the answer."""
        self.last = work


Handler = Callable[[Call], Any]


class Token(Enum):
    """What a call does with `clientToken`."""

    NONE = auto()
    OPTIONAL = auto()
    REQUIRED = auto()
    IGNORED = auto()  # a query that carries one for form's sake


@dataclass(frozen=True)
class Route:
    """A method and path of one product. `repeat` renders the answer to a repeated clientToken from the stored one.

    `changes`: a GET that stores something all the same. `ignores`: optional fields that clients send and that change nothing
    here, so that they are taken and not read; `docs/fidelity.md` names them. `records_alone`: it is about what nothing runs for,
    so that it is answered before the engines run.
    """

    method: str
    path: str
    product: str
    handler: Handler
    token: Token = Token.NONE
    observes: bool = False
    reads_health: bool = False
    changes: bool = False
    repeat: Callable[[Call, Any], Any] | None = None
    ignores: tuple[str, ...] = ()
    records_alone: bool = False


def of_records_alone(routes: tuple[Route, ...]) -> tuple[Route, ...]:
    """The same calls, but for those that look at what runs, as calls about records alone."""
    return tuple(replace(route, records_alone=not (route.observes or route.reads_health)) for route in routes)


def with_twins(routes: tuple[Route, ...]) -> tuple[Route, ...]:
    """Add the twins that the server product has for calls of the network product: `/v4/ecs/vpc/...` on host ctecs."""
    twins = (replace(route, path=route.path.replace("/v4/vpc/", "/v4/ecs/vpc/"), product="ctecs") for route in routes)
    return (*routes, *twins)


def page(call: Call, most: int = 50, old_name: str = "pageNumber") -> tuple[int, int]:
    """Page number (from 1) and size as the call asks for them."""
    number = call.fields.integer("pageNo", low=1, high=1_000_000, default=0)
    older = call.fields.integer(old_name, low=1, high=1_000_000, default=1)
    return number or older, call.fields.integer("pageSize", low=1, high=most, default=10)


def page_of(items: list[Any], number: int, size: int) -> list[Any]:
    """One page of `items`."""
    return items[(number - 1) * size : number * size]


@dataclass(frozen=True)
class GoesOn:
    """Where a list goes on: with the item of that id, "" for the first one; and how many of them it shows."""

    id: str
    count: int


def by_token(call: Call, most: int = 1000) -> GoesOn | None:
    """`maxResults` and `nextToken`, which stand before page number and size; None when neither is given."""
    count = call.fields.integer("maxResults", low=1, high=most)
    token = call.fields.text("nextToken")
    return GoesOn(token, count or 10) if count or token else None


def from_token(name: str, items: list[Any], goes_on: GoesOn, id_of: Callable[[Any], str]) -> dict[str, Any]:
    """That part of `items` under `name`, with the counts; `nextToken` is the id of the item behind it, "" at the end."""
    ids = [id_of(item) for item in items]
    if goes_on.id and goes_on.id not in ids:
        raise ParameterError([f"nextToken {goes_on.id!r} names nothing that is in this list now; begin again without it"])
    first = ids.index(goes_on.id) if goes_on.id else 0
    last = first + goes_on.count
    shown = items[first:last]
    following = ids[last] if last < len(ids) else ""
    return {name: shown, "totalCount": len(items), "currentCount": len(shown), "nextToken": following}


def paged(name: str, items: list[Any], number: int, size: int) -> dict[str, Any]:
    """One page of `items` under `name`, with the counts that every list carries."""
    shown = page_of(items, number, size)
    return {name: shown, "totalCount": len(items), "currentCount": len(shown), "totalPage": -(-len(items) // size)}
