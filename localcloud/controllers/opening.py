"""Whether a cloud can take calls before its engines run."""

from __future__ import annotations

from localcloud.controllers.cloud import Cloud
from localcloud.controllers.work import under_way
from localcloud.records.compute import ALL_KINDS, FAULTS, GROUPS, JOBS, KEY_PAIRS, ORDERS, RULES, SUBNETS, VPCS

AT_REST = (VPCS, SUBNETS, GROUPS, RULES, KEY_PAIRS, ORDERS, JOBS, FAULTS)  # records that nothing runs for, unless they are open


def open_early(cloud: Cloud) -> bool:
    """Take calls before the engines run, where nothing is to be brought back; whether it is so.

    Calls about records alone are answered then, all others wait for the engines.
    """
    store = cloud.store
    waiting = under_way(store) or store.count(FAULTS, phase="landing")
    if not waiting and not any(store.count(kind) for kind in ALL_KINDS if kind not in AT_REST):
        cloud.opened.set()
    return cloud.opened.is_set()
