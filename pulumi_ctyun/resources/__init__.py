"""The classes with which programs and components describe resources of CTyun and servers reached over SSH."""

from pulumi_ctyun.resources.csbs import BackupPolicy, BackupVault, RetentionArgs
from pulumi_ctyun.resources.ebs import SnapshotPolicy, Volume, VolumeAttachment
from pulumi_ctyun.resources.ecs import DataDiskArgs, Instance, KeyPair, SystemDiskArgs
from pulumi_ctyun.resources.eip import Eip, EipAssociation
from pulumi_ctyun.resources.elb import Certificate, Listener, LoadBalancer
from pulumi_ctyun.resources.elb_targets import HealthCheck, StickinessArgs, Target, TargetGroup
from pulumi_ctyun.resources.image import Image
from pulumi_ctyun.resources.provider import FlavorWishArgs, Provider, verify
from pulumi_ctyun.resources.rds import MysqlAccount, MysqlDatabase, MysqlEip, MysqlGrantArgs, MysqlInstance, MysqlWhiteList
from pulumi_ctyun.resources.ssh import ConnectionArgs, FileArgs, Host, HostKey, JumpArgs, RemoteCommand, RemoteFiles
from pulumi_ctyun.resources.vpc import RuleArgs, SecurityGroup, Subnet, Vpc

__all__ = [
    "BackupPolicy",
    "BackupVault",
    "Certificate",
    "ConnectionArgs",
    "DataDiskArgs",
    "Eip",
    "EipAssociation",
    "FileArgs",
    "FlavorWishArgs",
    "HealthCheck",
    "Host",
    "HostKey",
    "Image",
    "Instance",
    "JumpArgs",
    "KeyPair",
    "Listener",
    "LoadBalancer",
    "MysqlAccount",
    "MysqlDatabase",
    "MysqlEip",
    "MysqlGrantArgs",
    "MysqlInstance",
    "MysqlWhiteList",
    "Provider",
    "RemoteCommand",
    "RemoteFiles",
    "RetentionArgs",
    "RuleArgs",
    "SecurityGroup",
    "SnapshotPolicy",
    "StickinessArgs",
    "Subnet",
    "SystemDiskArgs",
    "Target",
    "TargetGroup",
    "Volume",
    "VolumeAttachment",
    "Vpc",
    "verify",
]
