"""Which handler serves which type. A service is imported when its first resource is made, read or deleted.

A preview needs none of them, and httpx and asyncssh take as long to import as the whole preview of a small stack.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_ctyun.provider.handler import Handler

if TYPE_CHECKING:
    from pulumi_ctyun.provider.cloud import Cloud


def service_handlers(service: str, cloud: Cloud) -> dict[str, Handler]:
    """The handlers of "vpc", "eip", "ecs", "image", "rds" or "ssh", by type token."""
    return LOADERS[service](cloud)


def _vpc(cloud: Cloud) -> dict[str, Handler]:
    from pulumi_ctyun.provider.vpc import SecurityGroupHandler, SubnetHandler, VpcHandler

    return {
        "ctyun:vpc:Vpc": VpcHandler(cloud),
        "ctyun:vpc:Subnet": SubnetHandler(cloud),
        "ctyun:vpc:SecurityGroup": SecurityGroupHandler(cloud),
    }


def _eip(cloud: Cloud) -> dict[str, Handler]:
    from pulumi_ctyun.provider.eip import EipAssociationHandler, EipHandler

    return {"ctyun:eip:Eip": EipHandler(cloud), "ctyun:eip:EipAssociation": EipAssociationHandler(cloud)}


def _ecs(cloud: Cloud) -> dict[str, Handler]:
    from pulumi_ctyun.provider.ecs import InstanceHandler, KeyPairHandler

    return {"ctyun:ecs:KeyPair": KeyPairHandler(cloud), "ctyun:ecs:Instance": InstanceHandler(cloud)}


def _elb(cloud: Cloud) -> dict[str, Handler]:
    from pulumi_ctyun.provider.elb import CertificateHandler, ListenerHandler, LoadBalancerHandler
    from pulumi_ctyun.provider.elb_targets import HealthCheckHandler, TargetGroupHandler, TargetHandler

    return {
        "ctyun:elb:LoadBalancer": LoadBalancerHandler(cloud),
        "ctyun:elb:HealthCheck": HealthCheckHandler(cloud),
        "ctyun:elb:TargetGroup": TargetGroupHandler(cloud),
        "ctyun:elb:Target": TargetHandler(cloud),
        "ctyun:elb:Certificate": CertificateHandler(cloud),
        "ctyun:elb:Listener": ListenerHandler(cloud),
    }


def _ebs(cloud: Cloud) -> dict[str, Handler]:
    from pulumi_ctyun.provider.ebs import SnapshotPolicyHandler, VolumeAttachmentHandler, VolumeHandler

    return {
        "ctyun:ebs:Volume": VolumeHandler(cloud),
        "ctyun:ebs:VolumeAttachment": VolumeAttachmentHandler(cloud),
        "ctyun:ebs:SnapshotPolicy": SnapshotPolicyHandler(cloud),
    }


def _image(cloud: Cloud) -> dict[str, Handler]:
    from pulumi_ctyun.provider.image import ImageHandler

    return {"ctyun:image:Image": ImageHandler(cloud)}


def _rds(cloud: Cloud) -> dict[str, Handler]:
    from pulumi_ctyun.provider.rds import MysqlInstanceHandler
    from pulumi_ctyun.provider.rds_parts import MysqlAccountHandler, MysqlDatabaseHandler, MysqlEipHandler, MysqlWhiteListHandler

    return {
        "ctyun:rds:MysqlInstance": MysqlInstanceHandler(cloud),
        "ctyun:rds:MysqlDatabase": MysqlDatabaseHandler(cloud),
        "ctyun:rds:MysqlAccount": MysqlAccountHandler(cloud),
        "ctyun:rds:MysqlWhiteList": MysqlWhiteListHandler(cloud),
        "ctyun:rds:MysqlEip": MysqlEipHandler(cloud),
    }


def _csbs(cloud: Cloud) -> dict[str, Handler]:
    from pulumi_ctyun.provider.csbs import BackupPolicyHandler, BackupVaultHandler

    return {"ctyun:csbs:BackupVault": BackupVaultHandler(cloud), "ctyun:csbs:BackupPolicy": BackupPolicyHandler(cloud)}


def _ssh(cloud: Cloud) -> dict[str, Handler]:
    from pulumi_ctyun.provider.remote.connections import Connections
    from pulumi_ctyun.provider.ssh import HostHandler, HostKeyHandler, RemoteCommandHandler, RemoteFilesHandler

    connections = Connections()
    return {
        "ctyun:ssh:HostKey": HostKeyHandler(cloud, connections),
        "ctyun:ssh:Host": HostHandler(cloud, connections),
        "ctyun:ssh:RemoteFiles": RemoteFilesHandler(cloud, connections),
        "ctyun:ssh:RemoteCommand": RemoteCommandHandler(cloud, connections),
    }


LOADERS = {
    "vpc": _vpc,
    "eip": _eip,
    "ecs": _ecs,
    "ebs": _ebs,
    "elb": _elb,
    "image": _image,
    "csbs": _csbs,
    "rds": _rds,
    "ssh": _ssh,
}
