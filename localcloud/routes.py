"""The table of all modelled calls."""

from __future__ import annotations

from localcloud.api.calls import Route
from localcloud.services.certificate.routes import ROUTES as CERTIFICATE
from localcloud.services.csbs.routes import ROUTES as SERVER_BACKUP
from localcloud.services.ebs.routes import ROUTES as EBS
from localcloud.services.ebsbackup.routes import ROUTES as EBS_BACKUP
from localcloud.services.ebssnapshot.routes import ROUTES as EBS_SNAPSHOT
from localcloud.services.ecs.routes import ROUTES as ECS
from localcloud.services.eip.routes import ROUTES as EIP
from localcloud.services.elb.routes import ROUTES as ELB
from localcloud.services.image.routes import ROUTES as IMAGE
from localcloud.services.jobs.routes import ROUTES as JOBS
from localcloud.services.keypair.routes import ROUTES as KEY_PAIR
from localcloud.services.listener.routes import ROUTES as LISTENER
from localcloud.services.orders.routes import ROUTES as ORDERS
from localcloud.services.rds.routes import ROUTES as RDS
from localcloud.services.region.routes import ROUTES as REGION
from localcloud.services.securitygroup.routes import ROUTES as SECURITY_GROUP
from localcloud.services.targetgroup.routes import ROUTES as TARGET_GROUP
from localcloud.services.vpc.routes import ROUTES as VPC


def all_routes() -> dict[tuple[str, str], Route]:
    """Every call that is modelled, by method and path."""
    tables = (
        REGION,
        VPC,
        SECURITY_GROUP,
        EIP,
        ECS,
        KEY_PAIR,
        IMAGE,
        ORDERS,
        JOBS,
        EBS,
        EBS_SNAPSHOT,
        EBS_BACKUP,
        ELB,
        CERTIFICATE,
        LISTENER,
        TARGET_GROUP,
        SERVER_BACKUP,
        RDS,
    )
    return {(route.method, route.path): route for table in tables for route in table}
