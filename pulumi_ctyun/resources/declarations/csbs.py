"""Server backup: vaults, and policies that fill them by the clock."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pulumi_ctyun.resources.declarations import rules
from pulumi_ctyun.resources.declarations.model import Field, Kind, ListOf, Resource, Shape, region_field

_POLICY_NAME = re.compile(r"[A-Za-z0-9_.-]{2,64}")
_VAULT_NAME = re.compile(r"\S.{0,61}\S")


def vault_name(value: str) -> str | None:
    if _VAULT_NAME.fullmatch(value):
        return None
    return f"{value!r} is no vault name: 2-63 characters in one line, no blank first or last"


def policy_name(value: str) -> str | None:
    return None if _POLICY_NAME.fullmatch(value) else f"{value!r} is no policy name: 2-64 letters, digits, '-', '_' or '.'"


def _paid(old: int, new: int) -> str | None:
    return None if new >= old else f"is {new}; {old} months are paid already, and CTyun gives none back: say {old}"


BACKUP_VAULT = Resource(
    "ctyun:csbs:BackupVault",
    "A vault for backups of servers. CTyun sells it by the month only; it grows and is renewed in place.",
    inputs=(
        region_field(),
        Field("name", Kind.TEXT, "Name in the cloud.", required=True, replaces=True, rules=(vault_name,)),
        Field(
            "sizeGib", Kind.WHOLE, "GiB; it can only grow.", default=100, rules=(rules.within(100, 1024000, " GiB"),),
            ways=(rules.grows(" GiB"),),
        ),
        Field(
            "months", Kind.WHOLE, "Paid for so many months in all; more of them renew it.", default=1, unseen=True,
            rules=(rules.within(1, 60, " months"),), ways=(_paid,),
        ),
        Field(
            "deleteBackups",
            Kind.FLAG,
            "Delete its backups with it; else a vault that holds any stays.",
            default=True,
            unseen=True,
        ),
    ),
    outputs=(Field("vaultId", Kind.TEXT, "Id."),),
    data="all backups in it",
)  # fmt: skip


def _one_retention(retention: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    given = [name for name in ("count", "days", "forever") if retention.get(name) is not None and retention[name] is not False]
    if len(given) != 1:
        yield "count", f"and days and forever exclude each other; {len(given)} of them are given, exactly one is needed"


RETENTION = Shape(
    "ctyun:csbs:Retention",
    "How long backups are kept: exactly one of the three.",
    fields=(
        Field("count", Kind.WHOLE, "The newest so many of each server.", rules=(rules.within(1, 99999),)),
        Field("days", Kind.WHOLE, "So many days.", rules=(rules.within(1, 99999, " days"),)),
        Field("forever", Kind.FLAG, "All, for ever.", absent=False),
    ),
    rules=(_one_retention,),
)


def _days_of_its_cycle(inputs: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if inputs.get("cycle") == "week" and inputs.get("everyDays") is not None:
        yield "everyDays", "is for cycle 'day'; a weekly policy has weekdays"
    if inputs.get("cycle") == "day" and inputs.get("weekdays") is not None:
        yield "weekdays", "is for cycle 'week'; a daily policy has everyDays"
    if inputs.get("cycle") == "week" and inputs.get("weekdays") is None:
        yield "weekdays", "is needed for cycle 'week': 0 is Sunday, 6 is Saturday"


BACKUP_POLICY = Resource(
    "ctyun:csbs:BackupPolicy",
    "Backups of servers into a vault, on the hour, in China's time (UTC+8). An incremental one holds what has changed since the "
    "one before; of each server the first is a full one.",
    inputs=(
        region_field(),
        Field("name", Kind.TEXT, "Name in the cloud, once in all regions.", required=True, rules=(policy_name,)),
        Field("cycle", Kind.TEXT, "day or week.", required=True, rules=(rules.one_of("day", "week"),)),
        Field(
            "hours", ListOf(Kind.WHOLE), "Hours of the day, 0-23.", required=True, unordered=True,
            rules=(rules.at_least_one, rules.numbers_within(0, 23)),
        ),
        Field(
            "weekdays", ListOf(Kind.WHOLE), "For cycle week: 0 (Sunday) to 6.", unordered=True,
            rules=(rules.at_least_one, rules.numbers_within(0, 6)),
        ),
        Field("everyDays", Kind.WHOLE, "For cycle day: every so many days (1).", absent=1, rules=(rules.within(1, 30, " days"),)),
        Field("retention", RETENTION, "How long backups are kept.", required=True),
        Field(
            "fullInterval", Kind.WHOLE, "A full backup after so many incremental ones; 0: always, -1: only the first one.",
            default=-1, rules=(rules.within(-1, 100),),
        ),
        Field("enabled", Kind.FLAG, "Whether the clock makes it run.", default=True),
        Field("vaultId", Kind.TEXT, "The vault that its backups go to.", required=True, holds=True),
        Field("instanceIds", ListOf(Kind.TEXT), "The servers.", required=True, unordered=True),
    ),
    outputs=(Field("policyId", Kind.TEXT, "Id."),),
    rules=(_days_of_its_cycle,),
)  # fmt: skip
