"""Who carries out which order or job."""

from __future__ import annotations

from functools import partial

from localcloud.controllers.cloud import Cloud
from localcloud.controllers.servers import images, servers
from localcloud.controllers.volumes import snapshots, volumes
from localcloud.controllers.work import Runner, Work, finish

RECORDS_ALONE = ("eip-create", "eip-release", "pgelb-refund")  # what else goes with a balancer, the watch sweeps away


def work_of(cloud: Cloud) -> Work:
    """The one table of what is ordered and who does it."""
    of_orders: dict[str, Runner] = {
        "ecs-create": cloud.servers.build,
        "ecs-resize": cloud.servers.resize,
        "ecs-release": cloud.servers.release,
        "ecs-unsubscribe": cloud.servers.unsubscribe,
        "pgelb-create": cloud.balancers.carry_out,
        "mysql-create": cloud.databases.orders.build,
        "mysql-upgrade": cloud.databases.upgrades.carry_out,
        "mysql-refund": cloud.databases.orders.refund,
        "mysql-destroy": cloud.databases.orders.release,
        "csbs-create": cloud.backups.build,
        **dict.fromkeys(volumes.ORDER_KINDS, cloud.volumes.carry_out),
        **dict.fromkeys(snapshots.ORDER_KINDS, cloud.snapshots.carry_out),
        **dict.fromkeys(RECORDS_ALONE, partial(finish, cloud.store)),
    }
    of_jobs: dict[str, Runner] = {
        **dict.fromkeys(servers.JOB_TASKS, cloud.servers.run_job),
        **dict.fromkeys(images.JOB_TASKS, cloud.images.run_job),
        **dict.fromkeys(volumes.JOB_TASKS, cloud.volumes.run_job),
        **dict.fromkeys(snapshots.JOB_TASKS, cloud.snapshots.run_job),
    }
    return Work(cloud.store, of_orders, of_jobs)
