"""Provider and local cloud share no code, so what CTyun takes stands in both. Here each value is put to both sides.

A value is good or bad for both. Where one of them is narrower on purpose, the value is in neither list; `docs/fidelity.md` says
so. What only the cloud can know (names of flavours and images, ids, character sets) is not of this kind: `ELSEWHERE`.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from support.rds_calls import ORDER, Rds

from pulumi_ctyun.kit.values import to_properties
from pulumi_ctyun.provider.checking import check
from pulumi_ctyun.resources.declarations import RESOURCES
from pulumi_ctyun.resources.declarations.model import Field, shapes

REGION = "bb9fdb42056f11eda1610242ac110002"
RULES, NODES = "/v4/vpc/create-security-group-ingress", f"{ORDER}/accept"


def rsa_line(bits: int = 2048, kind: bytes = b"ssh-rsa") -> str:
    parts = (kind, b"\1\0\1", b"\x7f" * (bits // 8))
    return f"ssh-rsa {base64.b64encode(b''.join(len(part).to_bytes(4, 'big') + part for part in parts)).decode()}"


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def numbers(values: Sequence[int]) -> str:
    return ",".join(map(str, values))


@dataclass(frozen=True)
class Row:
    """A property of a resource ("rules[].cidr") and the field of the create call that carries it. `with_inputs`, `with_fields`:
    what the rule looks at besides; `wire`: how the value travels."""

    resource: str
    property: str
    call: str
    carried_by: str
    good: Sequence[Any]
    bad: Sequence[Any]
    with_inputs: dict[str, Any] = field(default_factory=dict)
    with_fields: dict[str, Any] = field(default_factory=dict)
    wire: Callable[[Any], Any] = lambda value: value

    def __str__(self) -> str:
        return f"{self.resource}.{self.property}"


def nested(path: str, value: Any, beside: dict[str, Any]) -> dict[str, Any]:
    """nested("a[].b", 1, {"c": 2}) -> {"a": [{"b": 1, "c": 2}]}: `beside` lies next to the innermost."""
    name, _, rest = path.partition(".")
    inner = nested(rest, value, beside) if rest else value
    made = {name.removesuffix("[]"): [inner] if name.endswith("[]") else inner}
    return made if rest else made | beside


def within(low: int, high: int) -> tuple[list[int], list[int]]:
    return [low, high], [low - 1, high + 1]


NAMES = (["lab", "灾备-vpc", "a_1", "a" * 32], ["a", "1a", "-a", "_a", "a b", "a" * 33, "http://lab", "a.b", "é1"])
NETWORK_NAMED = {
    "vpc:Vpc": "/v4/vpc/create", "vpc:Subnet": "/v4/vpc/create-subnet", "vpc:SecurityGroup": "/v4/vpc/create-security-group",
    "eip:Eip": "/v4/eip/create", "elb:LoadBalancer": "/v4/elb/create-pgelb", "elb:HealthCheck": "/v4/elb/create-health-check",
    "elb:TargetGroup": "/v4/elb/create-target-group", "elb:Certificate": "/v4/elb/create-certificate",
    "elb:Listener": "/v4/elb/create-listener",
}  # fmt: skip
VPC_RANGES = (
    ["10.0.0.0/8", "192.168.0.0/28", "100.64.0.0/10", "128.0.0.0/8"],
    ["10.0.0.0/7", "10.0.0.0/29", "10.0.0.1/16", "10.0.0.0", "10.0.0.0/255.0.0.0", "010.0.0.0/8", "fd00::/8", "x",
     "0.0.0.0/8", "127.0.0.0/16", "169.254.0.0/16", "169.0.0.0/8", "198.18.0.0/16", "198.0.0.0/8", "224.0.0.0/8", "240.0.0.0/8"],
)  # fmt: skip
PASSWORDS = (
    ["Abcdef1-", "abcdef1[", "A1/bcdefg", "Aa1 spaces inside", "Aa1" + "x" * 27],
    ["short1A", "onlylower1", "ONLYUPPER1", "/Abcdef1", "Abcdef1\n", "Abc\tdef1", "Aa1" + "x" * 28, "abcdefg٣"],
)
MYSQL_PASSWORDS = (
    ["Abcdef1-", "/Abcdef1", "[{(Aa1)}]", "Aa1'\"\\`$", "Aa1" + "x" * 29],
    ["short1A", "onlylower1", "Abc def1", "Abcdef1ü", "Abcdef1\n", "Aa1" + "x" * 30],
)
DATABASES = (["hr_db", "a", "a" * 64], ["Hr", "1a", "_a", "a_", "a-b", "a" * 65, "mysql", "sys", "information_schema"])
DISKS = [("SATA", 10), ("SSD", 10), ("XSSD-0", 20), ("XSSD-1", 20), ("XSSD-2", 512)]
HOURS = ([[0], [0, 23]], [[24], [-1], [1, 1]])
SERVER, VOLUME, CHECK, GROUP = "ecs:Instance", "ebs:Volume", "elb:HealthCheck", "elb:TargetGroup"
ORDER_SERVER, ORDER_VOLUME = "/v4/ecs/create-instance", "/v4/ebs/new-ebs"
MAKE_CHECK, MAKE_GROUP, MAKE_POLICY = NETWORK_NAMED[CHECK], NETWORK_NAMED[GROUP], "/v4/ecs/backup-policy/create"
SNAPSHOTS, WEEKLY = "/v4/ebs_snapshot/create-policy-ebs-snap", {"cycle": "week"}
ROOT, ACCOUNT = "v1/open-api/instance/reset-root-password", "v1/open-api/account"
LIST = "v1/open-api/rds-manage/rds-access-white-list"
WORDS, OTHER = ["INSERT", "REWRITE", "SOURCE_IP"], ["insert", "COOKIE"]

TABLE = [
    *(Row(kind, "name", call, "name", *NAMES) for kind, call in NETWORK_NAMED.items()),
    Row("image:Image", "name", "/v4/image/create-from-ecs", "imageName", *NAMES),
    Row("image:Image", "description", "/v4/image/create-from-ecs", "description", ["", "x" * 103], ["x" * 129]),
    *(Row(f"vpc:{kind}", "description", NETWORK_NAMED[f"vpc:{kind}"], "description", ["", "x" * 103], ["x" * 129])
      for kind in ("Vpc", "Subnet", "SecurityGroup")),
    Row("vpc:Vpc", "cidr", NETWORK_NAMED["vpc:Vpc"], "CIDR", *VPC_RANGES),
    Row("vpc:Subnet", "cidr", NETWORK_NAMED["vpc:Subnet"], "CIDR", ["10.0.0.0/16", "10.0.0.0/28"],
        ["10.0.0.0/15", "10.0.0.0/29", "10.0.0.1/24", "10.0.0.0", "10.0.0.0/255.255.255.0", "x"]),
    Row("vpc:Subnet", "dnsServers", NETWORK_NAMED["vpc:Subnet"], "dnsList", [["1.1.1.1"], ["1.1.1.1"] * 4],
        [["dns"], ["1.1.1.256"], ["1.1.1.1"] * 5, ["::1"], [""]]),
    Row("vpc:SecurityGroup", "rules[].direction", RULES, "securityGroupRules[].direction", ["ingress"], ["in"]),
    Row("vpc:SecurityGroup", "rules[].action", RULES, "securityGroupRules[].action", ["accept", "drop"], ["allow"]),
    Row("vpc:SecurityGroup", "rules[].protocol", RULES, "securityGroupRules[].protocol", ["ANY", "TCP", "UDP", "ICMP"], ["tcp"]),
    Row("vpc:SecurityGroup", "rules[].ports", RULES, "securityGroupRules[].range", ["22", "8000-9000", "1-65535", "65535"],
        ["0", "65536", "9000-8000", "22,80", "٢٢", "a", "1-2-3"], {"protocol": "TCP"}, {"protocol": "TCP"}),
    Row("vpc:SecurityGroup", "rules[].cidr", RULES, "securityGroupRules[].destCidrIp", ["0.0.0.0/0", "10.0.0.1/32"],
        ["10.0.0.1/24", "10.0.0.0/255.0.0.0", "10.0.0.0/08", "x", "::/0"]),
    Row("vpc:SecurityGroup", "rules[].priority", RULES, "securityGroupRules[].priority", *within(1, 100)),
    Row("vpc:SecurityGroup", "rules[].description", RULES, "securityGroupRules[].description", ["", "x" * 103], ["x" * 129]),
    Row("eip:Eip", "bandwidth", NETWORK_NAMED["eip:Eip"], "bandwidth", *within(1, 300)),
    Row("ecs:KeyPair", "name", "/v4/ecs/keypair/create-keypair", "keyPairName", ["ab", "lab-key", "a--b", "a" * 63],
        ["a", "1ab", "-ab", "ab-", "a_b", "a.b", "钥匙", "a" * 64]),
    Row("ecs:KeyPair", "publicKey", "/v4/ecs/keypair/import-keypair", "publicKey",
        [rsa_line(), rsa_line(1024), f"{rsa_line()} me@host\n", f"{rsa_line()} {'x' * 600}"],
        [rsa_line(512), rsa_line(kind=b"ssh-dss"), f"{rsa_line()} {'x' * 700}", "ssh-rsa AAAA", "ssh-ed25519 AAAA",
         f"{rsa_line()} a\n{rsa_line()}"]),
    Row(SERVER, "name", ORDER_SERVER, "instanceName", ["web-01", "a1", "1a", "db.example", "a" * 63],
        ["a", "web--01", "-web", "web-", "web_01", "web..a", "web.-a", ".web", "web.", "123", "网站", "a b", "a" * 65, "web\n"]),
    Row(SERVER, "password", ORDER_SERVER, "userPassword", *PASSWORDS),
    Row(SERVER, "userData", ORDER_SERVER, "userData", ["#!/bin/sh\n", "x" * 12288], ["x" * 12289, "é" * 6145], wire=encoded),
    Row(SERVER, "labels", ORDER_SERVER, "labelList", [{"a": "b"}, {"k" * 32: "v" * 32}, {"a": ""}],
        [{"k" * 33: "v"}, {"k": "v" * 33}, {"": "v"}],
        wire=lambda labels: [{"labelKey": key, "labelValue": value} for key, value in labels.items()]),
    Row(SERVER, "fixedAddress", ORDER_SERVER, "networkCardList[].fixedIP", ["10.0.0.5"], ["10.0.0", "x", "::1", "10.0.0.256"]),
    Row(SERVER, "systemDisk.type", ORDER_SERVER, "bootDiskType", [kind for kind, _ in DISKS], ["sata", "NVME"]),
    Row(SERVER, "systemDisk.size", ORDER_SERVER, "bootDiskSize", [10, 2048], [2049]),
    Row(SERVER, "systemDisk.size", ORDER_SERVER, "bootDiskSize", [512], [511], {"type": "XSSD-2"}, {"bootDiskType": "XSSD-2"}),
    Row(SERVER, "dataDisks[].type", ORDER_SERVER, "dataDiskList[].diskType", [kind for kind, _ in DISKS], ["sata", "NVME"]),
    *(Row(SERVER, "dataDisks[].size", ORDER_SERVER, "dataDiskList[].diskSize", *within(least, 32768), {"type": kind},
          {"diskType": kind}) for kind, least in DISKS),
    Row(SERVER, "dataDisks", ORDER_SERVER, "dataDiskList", [[{"size": 10}] * 8], [[{"size": 10}] * 9],
        wire=lambda disks: [{"diskType": "SATA", "diskSize": disk["size"]} for disk in disks]),
    Row(VOLUME, "name", ORDER_VOLUME, "diskName", ["ab", "数据-1", "a" * 63], ["a", "1a", "a b", "a.b", "a" * 64]),
    Row(VOLUME, "type", ORDER_VOLUME, "diskType", [kind for kind, _ in DISKS], ["sata", "NVME"]),
    *(Row(VOLUME, "sizeGib", ORDER_VOLUME, "diskSize", *within(10 if kind == "XSSD-0" else least, 32768), {"type": kind},
          {"diskType": kind}) for kind, least in DISKS),
    Row("ebs:SnapshotPolicy", "name", SNAPSHOTS, "snapshotPolicyName", ["ab", "a_1-b", "a" * 63], ["a", "1a", "策略", "a" * 64]),
    Row("ebs:SnapshotPolicy", "hours", SNAPSHOTS, "repeatTimes", *HOURS, wire=numbers),
    Row("ebs:SnapshotPolicy", "weekdays", SNAPSHOTS, "repeatWeekdays", [[0], [0, 6]], [[7], [-1], [2, 2]], wire=numbers),
    Row("ebs:SnapshotPolicy", "retentionDays", SNAPSHOTS, "retentionTime", [-1, 1, 65535], [-2, 0, 65536]),
    Row("csbs:BackupVault", "name", "/v4/ecs/backup-repo/create", "repositoryName", ["ab", "a b", "a" * 63, "存储库"],
        ["a", " ab", "ab ", "a\nb", "a" * 64]),
    Row("csbs:BackupVault", "sizeGib", "/v4/ecs/backup-repo/create", "size", *within(100, 1024000)),
    Row("csbs:BackupVault", "months", "/v4/ecs/backup-repo/create", "cycleCount", *within(1, 60), {}, {"cycleType": "MONTH"}),
    Row("csbs:BackupPolicy", "name", MAKE_POLICY, "policyName", ["ab", "1.a_b-", "a" * 64], ["a", "a b", "策略", "a" * 65]),
    Row("csbs:BackupPolicy", "cycle", MAKE_POLICY, "cycleType", ["day", "week"], ["Day", "month"]),
    Row("csbs:BackupPolicy", "hours", MAKE_POLICY, "time", *HOURS, wire=numbers),
    Row("csbs:BackupPolicy", "weekdays", MAKE_POLICY, "cycleWeek", [[0], [0, 6]], [[7], [2, 2]], WEEKLY, wire=numbers),
    Row("csbs:BackupPolicy", "everyDays", MAKE_POLICY, "cycleDay", *within(1, 30)),
    Row("csbs:BackupPolicy", "retention.count", MAKE_POLICY, "retentionNum", *within(1, 99999)),
    Row("csbs:BackupPolicy", "retention.days", MAKE_POLICY, "retentionDay", *within(1, 99999)),
    Row("csbs:BackupPolicy", "fullInterval", MAKE_POLICY, "fullBackupInterval", *within(-1, 100)),
    Row("elb:LoadBalancer", "type", NETWORK_NAMED["elb:LoadBalancer"], "resourceType", ["internal"], ["public"]),
    Row("elb:LoadBalancer", "sla", NETWORK_NAMED["elb:LoadBalancer"], "slaName",
        ["elb.s2.small", "elb.s5.large"], ["s2", "elb.s6.small"]),
    Row(CHECK, "protocol", MAKE_CHECK, "protocol", ["TCP", "HTTP"], ["http", "HTTPS"]),
    Row(CHECK, "interval", MAKE_CHECK, "interval", [2, 20940], [0, 20941]),
    Row(CHECK, "timeout", MAKE_CHECK, "timeout", *within(2, 60), {"interval": 60}, {"interval": 60}),
    Row(CHECK, "maxRetry", MAKE_CHECK, "maxRetry", *within(1, 10)),
    Row(CHECK, "method", MAKE_CHECK, "httpMethod", ["GET", "HEAD", "OPTIONS"], ["get", "POST"]),
    Row(CHECK, "path", MAKE_CHECK, "httpUrlPath", ["/", "/api.php?a=b&c=%20", "/a~b:c@d!e,f;g+h", "/" + "a" * 79],
        ["api.php", "/a#b", "/a b", "/ü", "/a\nb", "/a\"b", "/a'b", "/a(b)", "/" + "a" * 80]),
    Row(CHECK, "codes", MAKE_CHECK, "httpExpectedCodes", [["http_2xx"], ["http_2xx", "http_3xx", "http_4xx", "http_5xx"]],
        [["200"], ["http_1xx"], ["http_2xx"] * 5]),
    Row(CHECK, "port", MAKE_CHECK, "protocolPort", [1, 65535], [-1, 65536]),
    Row(GROUP, "algorithm", MAKE_GROUP, "algorithm", ["wrr", "lc", "sh"], ["WRR", "random"]),
    Row(GROUP, "stickiness.mode", MAKE_GROUP, "sessionSticky.sessionStickyMode", WORDS, OTHER),
    Row(GROUP, "stickiness.seconds", MAKE_GROUP, "sessionSticky.cookieExpire", *within(1, 86400), {"mode": "INSERT"},
        {"sessionStickyMode": "INSERT"}),
    Row(GROUP, "stickiness.cookie", MAKE_GROUP, "sessionSticky.rewriteCookieName", ["SID", "a-b_1", "a" * 64],
        ["a b", "a=b", "a;b", "ü", "a" * 65], {"mode": "REWRITE"}, {"sessionStickyMode": "REWRITE"}),
    Row("elb:Target", "port", "/v4/elb/create-target", "protocolPort", *within(1, 65535)),
    Row("elb:Target", "weight", "/v4/elb/create-target", "weight", *within(1, 256)),
    Row("elb:Listener", "protocol", NETWORK_NAMED["elb:Listener"], "protocol", ["TCP", "HTTP", "HTTPS"], ["http", "QUIC"]),
    Row("elb:Listener", "port", NETWORK_NAMED["elb:Listener"], "protocolPort", *within(1, 65535)),
    Row("rds:MysqlInstance", "name", NODES, "name", ["data", "a_b-", "a" * 64], ["abc", "1abc", "数据库一", "a.bc", "a" * 65]),
    Row("rds:MysqlInstance", "version", NODES, "prodVersion", ["5.7", "8.0"], ["8", "5.6"]),
    Row("rds:MysqlInstance", "password", ROOT, "rootPassword", *MYSQL_PASSWORDS, wire=encoded),
    Row("rds:MysqlInstance", "storageType", NODES, "mysqlNodeInfoList[].storageType", ["SSD", "FAST-SSD"], ["ssd", "XSSD-0"]),
    Row("rds:MysqlInstance", "storageGib", NODES, "mysqlNodeInfoList[].storageSpace", *within(100, 32768)),
    Row("rds:MysqlDatabase", "name", "v1/open-api/database", "dbName", *DATABASES),
    Row("rds:MysqlAccount", "name", ACCOUNT, "accountName", ["hr_app", "Ab", "a" * 32],
        ["a", "1a", "_a", "a_", "a-b", "a" * 33, "root", "ROOT", "mysql", "mariadb", "drlab_repl", "DRLAB_x"]),
    Row("rds:MysqlAccount", "password", ACCOUNT, "accountPassword", *MYSQL_PASSWORDS, wire=encoded),
    Row("rds:MysqlAccount", "grants[].database", ACCOUNT, "schemaPrivilegeVOList[].grantSchema", *DATABASES, {},
        {"readOnly": True}),
    Row("rds:MysqlWhiteList", "name", LIST, "groupName", ["ab", "a_1", "a" * 32], ["a", "Ab", "1a", "a_", "a-b", "a" * 33]),
    Row("rds:MysqlWhiteList", "addresses", LIST, "groupWhiteList", [["10.0.0.7", "10.0.0.0/24"], ["0.0.0.0/0"]],
        [["10.0.0.1/24"], ["10.0.0.0/255.0.0.0"], ["x"], ["::1"], []]),
]  # fmt: skip

ELSEWHERE = {
    "ecs:Instance.zone": "the client finds the API's name of it", "ebs:Volume.zone": "likewise",
    "rds:MysqlInstance.zone": "likewise", "rds:MysqlInstance.standbyZone": "likewise",
    "ecs:Instance.flavor": "looked up", "ecs:Instance.image": "looked up", "rds:MysqlInstance.flavor": "looked up",
    "ecs:Instance.securityGroupIds": "ids", "vpc:SecurityGroup.rules[].groupId": "ids, and a word of ours",
    "rds:MysqlDatabase.charset": "the database is asked",
    "rds:MysqlInstance.haMode": "a word of ours, a call of its own", "rds:MysqlInstance.failover": "likewise",
    "rds:MysqlInstance.syncMode": "likewise", "rds:MysqlAccount.grants[].privilege": "a word of ours for the API's flags",
    "elb:Certificate.certificate": "together with its key: test_elb_certificates",
    "elb:Certificate.privateKey": "likewise",
}  # fmt: skip


def provider_refuses(row: Row, value: Any) -> bool:
    declared = RESOURCES[f"ctyun:{row.resource}"]
    _, problems = check(declared.inputs, declared.rules, to_properties(nested(row.property, value, row.with_inputs)))
    return any(problem.path.startswith(row.property.replace("[]", "[0]")) for problem in problems)


def local_cloud_refuses(api: Any, row: Row, value: Any) -> bool:
    """What else is missing or wrong in the call is told in the same answer."""
    fields = nested(row.carried_by, row.wire(value), row.with_fields)
    if row.call.startswith("/v4/"):
        answer = api.post(row.call, regionID=REGION, **fields)
    elif row.call.startswith("/teledb"):
        answer = Rds(api).send("POST", row.call, {"regionId": REGION, "billMode": "2", **fields})
    else:
        answer = Rds(api).ask("POST", row.call, "", **fields)
    named = re.escape(row.carried_by.replace("[]", "[0]"))
    return re.search(rf"(^|; ){named}(\[0\]\S*)? ", str(answer["message"])) is not None


@pytest.mark.parametrize("row", TABLE, ids=str)
def test_both_say_the_same(api: Any, row: Row) -> None:
    assert [value for value in row.good if provider_refuses(row, value)] == [], "the provider refuses what is good"
    assert [value for value in row.bad if not provider_refuses(row, value)] == [], "the provider takes what is bad"
    assert [value for value in row.good if local_cloud_refuses(api, row, value)] == [], "the local cloud refuses what is good"
    assert [value for value in row.bad if not local_cloud_refuses(api, row, value)] == [], "the local cloud takes what is bad"


def ruled(fields: Sequence[Field], path: str) -> Iterator[str]:
    """Every property that has a rule of its own, also inside objects."""
    for one in fields:
        if one.rules:
            yield f"{path}{one.name}"
        for shape in shapes(one.type):
            yield from ruled(shape.fields, f"{path}{one.name}{'[]' if 'item' in vars(one.type) else ''}.")


def test_the_table_knows_every_property_that_has_a_rule() -> None:
    cloud = {token.removeprefix("ctyun:"): one for token, one in RESOURCES.items() if one.input("region")}
    found = {name for token, one in cloud.items() for name in ruled(one.inputs, f"{token}.")}
    assert found == {str(row) for row in TABLE} | ELSEWHERE.keys()
