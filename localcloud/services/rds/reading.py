"""What all calls of RDS have in common: region and project travel in headers, times are China's, lists come in pages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from localcloud.api.calls import NOWHERE, Call
from localcloud.api.inputs import Fields
from localcloud.records.catalogue import REGIONS, Region
from localcloud.records.databases import MYSQLS, Mysql
from localcloud.records.errors.rds import WrongState
from localcloud.records.store import Store

NORMAL, CREATING, BUILD_FAILED, PAUSED, TO_DESTROY = 0, 3, 4, 6, 8  # prodOrderStatus
IDLE, RESTARTING, BACKING_UP, RESTORING, EXPANDING, STOPPING, STOPPED, STARTING = 0, 1, 2, 3, 7, 20, 21, 22  # prodRunningStatus
ORDER_WORDS = {NORMAL: "normal", CREATING: "creating", BUILD_FAILED: "failed", PAUSED: "stopped", TO_DESTROY: "refunded"}
RUNNING_WORDS = {
    RESTARTING: "restarting", BACKING_UP: "backing up", RESTORING: "restoring", EXPANDING: "being enlarged",
    10: "getting another password", 11: "changing its replication", STOPPING: "stopping", STOPPED: "stopped",
    STARTING: "starting",
}  # fmt: skip
CHINA = timezone(timedelta(hours=8))
TIME_FORMAT = "%Y-%m-%d %H:%M:%S"


def region_of(call: Call, required: bool = True) -> Region:
    """The region of the header `regionId`, or of the field; an unknown one is noted as a problem. So is another project.

    Some clients say both again in fields.
    """
    fields = call.fields
    said = {name: fields.text(name) for name in ("regionId", "regionID")}
    given = call.headers.get("regionid") or said["regionId"] or said["regionID"]
    for name, text in said.items():
        if text not in ("", given):
            fields.problem(name, f"is {text!r}; the call's region is {given}")
    for name, project in (("project-id", call.headers.get("project-id", "")), ("projectId", fields.text("projectId"))):
        if project not in ("", "0"):
            fields.problem(name, f'is {project!r}; only the default project "0" exists')
    if not given:
        if required:
            fields.problem("regionId", "is required, as a header or as a field")
        return NOWHERE
    if given not in REGIONS:
        known = ", ".join(f"{region.id} ({region.name})" for region in REGIONS.values())
        fields.problem("regionId", f"{given!r} is not a region; there are {known}")
    return REGIONS.get(given, NOWHERE)


def mysql_of(call: Call, name: str = "outerProdInstId") -> Mysql:
    """The instance that the call is about; raises all problems that were found with its fields so far."""
    region, fields = region_of(call), call.fields
    mysql_id = fields.text(name, required=True)
    for again, other in (("inst-id", call.headers.get("inst-id", "")), ("instId", fields.text("instId"))):
        if other not in ("", mysql_id):
            fields.problem(again, f"is {other!r}; it must be the instance that {name} names")
    fields.check()
    return call.store.require(MYSQLS, mysql_id, region.id)


def ordered_mysql(call: Call, name: str = "instId") -> Mysql:
    """Likewise for the calls of `teledb`, which need no region."""
    region, mysql_id = region_of(call, required=False), call.fields.text(name, required=True)
    call.fields.check()
    return call.store.require(MYSQLS, mysql_id, region.id or None)


def must_be_normal(mysql: Mysql, running: tuple[int, ...] = (IDLE,)) -> None:
    """Nothing else is being done to it."""
    if mysql.order_status != NORMAL or mysql.running_status not in running:
        raise WrongState(mysql.name, state_word(mysql), "running, with nothing else under way")


def order_status(mysql: Mysql) -> int:
    """prodOrderStatus; one that is still stopping is not stopped."""
    return NORMAL if mysql.order_status == PAUSED and mysql.running_status == STOPPING else mysql.order_status


def state_word(mysql: Mysql) -> str:
    """How an instance is, in a word."""
    if mysql.order_status in (NORMAL, PAUSED):
        return RUNNING_WORDS.get(mysql.running_status, "running")
    return ORDER_WORDS.get(mysql.order_status, f"in state {mysql.order_status}")


def next_number(store: Store, what: str) -> int:
    """A number that nothing else of this kind has or had."""
    number = int(store.note(f"last mysql {what}") or "100000") + 1
    store.set_note(f"last mysql {what}", str(number))
    return number


def paged(items: list[Any], number: int, size: int) -> dict[str, Any]:
    """One page of a list as RDS shows it."""
    shown, pages = items[(number - 1) * size : number * size], -(-len(items) // size)
    first = (number - 1) * size + 1 if shown else 0
    return {
        "pageNum": number, "pageSize": size, "size": len(shown), "startRow": first, "endRow": first + len(shown) - bool(shown),
        "total": len(items), "pages": pages, "firstPage": 1, "prePage": number - 1,
        "nextPage": number + 1 if number < pages else 0, "isFirstPage": number == 1, "isLastPage": number >= pages,
        "hasPreviousPage": number > 1, "hasNextPage": number < pages, "navigatePages": 8,
        "navigatepageNums": list(range(1, pages + 1)), "list": shown,
    }  # fmt: skip


def page(fields: Fields) -> tuple[int, int]:
    """pageNow (from 1) and pageSize as the call asks for them."""
    return fields.integer("pageNow", low=1, high=1_000_000, default=1), fields.integer("pageSize", low=1, high=200, default=10)


def millis(seconds: float | None) -> int | None:
    """Where the API has a time as a number."""
    return None if seconds is None else int(seconds * 1000)


def china_time(seconds: float | None) -> str:
    """Where the API has a time as a text: "2026-01-22 17:30:15" for 09:30:15 UTC."""
    return "" if seconds is None else datetime.fromtimestamp(seconds, UTC).astimezone(CHINA).strftime(TIME_FORMAT)


def read_china_time(fields: Fields, name: str) -> float | None:
    """A time as text; None when it is absent or wrong."""
    text = fields.text(name)
    if not text:
        return None
    try:
        moment = datetime.strptime(text, TIME_FORMAT).replace(tzinfo=CHINA).timestamp()
    except ValueError:
        moment = -1.0
    if moment < 0:  # before 1970: nothing was, and the first day of year 1 would lie before all calendars
        fields.problem(name, f"{text!r} is not a time like 2026-01-22 17:30:15 (China's)")
        return None
    return moment
