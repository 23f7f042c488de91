"""Error codes that no source gives: the local cloud's own inventions, all in this one place.

The real cloud certainly refuses these cases too, but its codes are not published. Clients must not branch on them: they
show the message. Codes that are *not* here come from CTyun's own clients and stand in the error classes themselves.
"""

VPC_IN_USE = "Openapi.Vpc.InUse"
VPC_NAME_DUPLICATED = "Openapi.Vpc.NameDuplicated"
SUBNET_IN_USE = "Openapi.Subnet.InUse"
SUBNET_NAME_DUPLICATED = "Openapi.Subnet.NameDuplicated"
SECURITY_GROUP_IN_USE = "Openapi.SecurityGroup.InUse"
SECURITY_GROUP_NAME_DUPLICATED = "Openapi.SecurityGroup.NameDuplicated"
SECURITY_GROUP_RULE_DUPLICATED = "Openapi.SecurityGroupRule.Duplicated"
SECURITY_GROUP_NOT_JOINED = "Openapi.SecurityGroup.NotJoined"
EIP_IN_USE = "Openapi.Eip.InUse"
EIP_NAME_DUPLICATED = "Openapi.Eip.NameDuplicated"
EIP_NOT_BOUND = "Openapi.Eip.NotBound"
EIP_TARGET_TAKEN = "Openapi.Eip.InstanceAlreadyBound"
KEY_PAIR_NOT_FOUND = "Ecs.KeyPair.NotFound"
KEY_PAIR_NAME_DUPLICATED = "Ecs.KeyPair.NameDuplicated"
INSTANCE_BUSY = "Ecs.Instance.Busy"
ZONE_WITHOUT_POWER = "Ecs.Zone.PowerOff"
ORDER_NOT_FOUND = "Ecs.Order.NotFound"
JOB_NOT_FOUND = "Ecs.Job.NotFound"
LABEL_NOT_FOUND = "Ecs.Label.NotFound"
QUOTA_EXCEEDED = "Openapi.Quota.Exceeded"
TOKEN_REUSED = "Openapi.ClientToken.Reused"  # noqa: S105 - an error code
NOT_MODELLED = "LocalCloud.Feature.NotModelled"
ENGINE_FAILED = "LocalCloud.Engine.Failed"
FAULT_NOT_FOUND = "LocalCloud.Fault.NotFound"
RESTORING = "LocalCloud.Process.Restoring"

GATEWAY_HEADER = "10001"
GATEWAY_DATE = "10005"
GATEWAY_HOST = "10003"
GATEWAY_PATH = "10004"
GATEWAY_BODY = "10006"
