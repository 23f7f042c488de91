"""Every resource and function of the provider, each declared once.

The schema, `check`, `diff` and the secrets of the provider are computed from these tables; a test holds the hand-written
classes of `pulumi_ctyun.resources` against them.
"""

from __future__ import annotations

from pulumi_ctyun.resources.declarations import csbs, ebs, ecs, eip, elb, image, provider, rds, ssh, vpc
from pulumi_ctyun.resources.declarations.model import Function, Resource

PACKAGE = "ctyun"
VERSION = "0.1.0"

RESOURCES: dict[str, Resource] = {
    resource.token: resource
    for resource in (
        vpc.VPC,
        vpc.SUBNET,
        vpc.SECURITY_GROUP,
        eip.EIP,
        eip.EIP_ASSOCIATION,
        ecs.KEY_PAIR,
        ecs.INSTANCE,
        image.IMAGE,
        elb.LOAD_BALANCER,
        elb.HEALTH_CHECK,
        elb.TARGET_GROUP,
        elb.TARGET,
        elb.CERTIFICATE,
        elb.LISTENER,
        ebs.VOLUME,
        ebs.VOLUME_ATTACHMENT,
        ebs.SNAPSHOT_POLICY,
        csbs.BACKUP_VAULT,
        csbs.BACKUP_POLICY,
        rds.MYSQL_INSTANCE,
        rds.MYSQL_DATABASE,
        rds.MYSQL_ACCOUNT,
        rds.MYSQL_WHITE_LIST,
        rds.MYSQL_EIP,
        ssh.HOST_KEY,
        ssh.HOST,
        ssh.REMOTE_FILES,
        ssh.REMOTE_COMMAND,
    )
}
FUNCTIONS: dict[str, Function] = {provider.VERIFY.token: provider.VERIFY}
PROVIDER: Resource = provider.PROVIDER
