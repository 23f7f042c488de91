"""VPCs, subnets, security groups and rules through our client."""

from __future__ import annotations

from typing import Any

import pytest

from ctyun import Client, Duplicate, InUse, NotFound, ParameterError, Rule


def test_regions_and_zones(client: Client, run: Any, region: str, other_region: str) -> None:
    assert {place.name: place.id for place in run(client.regions.list())} == {"华东1": region, "华北2": other_region}
    assert [zone.name for zone in run(client.regions.zones(region))] == [
        f"cn-huadong1-jsnj{number}A-public-ctcloud" for number in (1, 2, 3)
    ]


def test_the_life_of_a_vpc(client: Client, run: Any, make: Any, region: str) -> None:
    name = make.name("灾备")
    vpc_id = make.vpc(cidr="10.1.0.0/16", name=name)
    vpc = run(client.vpcs.get(region, vpc_id))
    assert (vpc.id, vpc.name, vpc.cidr, vpc.subnet_ids) == (vpc_id, name, "10.1.0.0/16", ())
    assert vpc in run(client.vpcs.list(region))
    run(client.vpcs.update(region, vpc_id, name=f"{name}-2", description="[drlab:abc]"))
    assert [(v.id, v.description) for v in run(client.vpcs.list(region, name=f"{name}-2"))] == [(vpc_id, "[drlab:abc]")]
    run(client.vpcs.delete(region, vpc_id))
    with pytest.raises(NotFound, match=f"look up VPC {vpc_id}"):
        run(client.vpcs.get(region, vpc_id))
    with pytest.raises(NotFound):
        run(client.vpcs.delete(region, vpc_id))


def test_the_life_of_a_subnet(client: Client, run: Any, make: Any, region: str) -> None:
    vpc_id = make.vpc()
    subnet_id = make.subnet(vpc_id, cidr="192.168.7.0/24")
    subnet = run(client.subnets.get(region, subnet_id))
    assert (subnet.vpc_id, subnet.cidr, subnet.gateway) == (vpc_id, "192.168.7.0/24", "192.168.7.1")
    assert run(client.subnets.list(region, vpc_id)) == [subnet]
    assert run(client.vpcs.get(region, vpc_id)).subnet_ids == (subnet_id,)
    run(client.subnets.update(region, subnet_id, description="db", dns_servers=["192.168.7.1"]))
    changed = run(client.subnets.get(region, subnet_id))
    assert (changed.name, changed.description, changed.dns_servers) == (subnet.name, "db", ("192.168.7.1",))
    run(client.subnets.delete(region, subnet_id))
    with pytest.raises(NotFound):
        run(client.subnets.get(region, subnet_id))


def test_a_region_does_not_show_what_is_in_another(client: Client, run: Any, make: Any, region: str, other_region: str) -> None:
    vpc_id = make.vpc(region=other_region)
    assert run(client.vpcs.get(other_region, vpc_id)).id == vpc_id
    assert vpc_id not in [vpc.id for vpc in run(client.vpcs.list(region))]
    with pytest.raises(NotFound):
        run(client.vpcs.get(region, vpc_id))


def test_a_vpc_with_subnets_stays(client: Client, run: Any, make: Any, region: str) -> None:
    vpc_id = make.vpc()
    subnet_id = make.subnet(vpc_id)
    with pytest.raises(InUse, match=subnet_id):
        run(client.vpcs.delete(region, vpc_id))
    assert run(client.vpcs.get(region, vpc_id)).subnet_ids == (subnet_id,)


def test_names_are_unique(client: Client, run: Any, make: Any, region: str, token: Any) -> None:
    name = make.name("vpc")
    make.vpc(name=name)
    with pytest.raises(Duplicate, match=f"Could not create VPC {name}: .*{name}"):
        run(client.vpcs.create(region, name=name, cidr="10.9.0.0/16", client_token=token()))


BAD_VPCS = {
    "not a network": ({"cidr": "10.0.0/8"}, "CIDR"),
    "host bits": ({"cidr": "10.0.0.1/16"}, "CIDR"),
    "mask too short": ({"cidr": "10.0.0.0/7"}, "CIDR"),
    "mask too long": ({"cidr": "10.0.0.0/29"}, "CIDR"),
    "a name that begins with a digit": ({"name": "1vpc"}, "name"),
    "a name that is too short": ({"name": "v"}, "name"),
    "a name that is too long": ({"name": "v" * 33}, "name"),
    "a description that is too long": ({"description": "d" * 129}, "description"),
    "a token that is too long": ({"client_token": "t" * 65}, "clientToken"),
}


@pytest.mark.parametrize(("wrong", "field"), BAD_VPCS.values(), ids=BAD_VPCS.keys())
def test_what_a_vpc_cannot_be(client: Client, run: Any, region: str, token: Any, wrong: dict[str, str], field: str) -> None:
    before = run(client.vpcs.list(region))
    wish = {"name": "vpc-bad", "cidr": "10.0.0.0/16", "client_token": token(), **wrong}
    with pytest.raises(ParameterError, match=field):
        run(client.vpcs.create(region, **wish))
    assert run(client.vpcs.list(region)) == before


def test_all_problems_of_a_call_in_one_sentence(client: Client, run: Any, region: str, token: Any) -> None:
    with pytest.raises(ParameterError, match=r"(?s)(?=.*name)(?=.*CIDR)"):
        run(client.vpcs.create(region, name="1", cidr="10.0.0.1/16", client_token=token()))


def test_an_unknown_region(client: Client, run: Any, token: Any) -> None:
    with pytest.raises(ParameterError, match="regionID"):
        run(client.vpcs.create("no-such-region", name="demo", cidr="10.0.0.0/16", client_token=token()))


def test_subnets_lie_inside_their_vpc_and_do_not_overlap(client: Client, run: Any, make: Any, region: str, token: Any) -> None:
    vpc_id = make.vpc()
    make.subnet(vpc_id, cidr="192.168.1.0/24")

    def create(cidr: str, vpc: str = vpc_id) -> str:
        return str(run(client.subnets.create(region, vpc_id=vpc, name="subnet-x", cidr=cidr, client_token=token())))

    with pytest.raises(ParameterError, match="not inside"):
        create("10.0.0.0/24")
    with pytest.raises(ParameterError, match="overlaps"):
        create("192.168.1.128/25")
    with pytest.raises(NotFound, match="vpc-nothere"):
        create("192.168.2.0/24", vpc="vpc-nothere")


RULES = (
    Rule("ingress", "accept", "TCP", ports="22", cidr="10.0.0.0/8", description="ssh"),
    Rule("ingress", "accept", "UDP", ports="8000-9000", cidr="192.168.0.0/16", priority=5),
    Rule("egress", "drop", "ICMP", priority=100),
)


def test_the_life_of_a_security_group(client: Client, run: Any, make: Any, region: str) -> None:
    vpc_id = make.vpc()
    group_id = make.group(vpc_id)
    born_with = {rule.id for rule in run(client.security_groups.get(region, group_id)).rules}
    added = run(client.security_groups.add_rules(region, group_id, RULES))
    group = run(client.security_groups.get(region, group_id))
    assert group.vpc_id == vpc_id
    rules = {rule.id: rule for rule in group.rules if rule.id not in born_with}
    assert set(rules) == set(added)
    for wanted, rule_id in zip(RULES, added, strict=True):
        seen = rules[rule_id]
        assert (seen.direction, seen.action, seen.protocol, seen.ports) == (
            wanted.direction,
            wanted.action,
            wanted.protocol,
            wanted.ports,
        )
        assert (seen.cidr, seen.priority, seen.description) == (wanted.cidr, wanted.priority, wanted.description)
    run(client.security_groups.remove_rule(region, group_id, rules[added[0]]))
    left = {rule.id for rule in run(client.security_groups.get(region, group_id)).rules}
    assert left == born_with | set(added[1:])
    run(client.security_groups.update(region, group_id, description="[drlab:abc]"))
    assert [g.description for g in run(client.security_groups.list(region, name=group.name))] == ["[drlab:abc]"]
    run(client.security_groups.delete(region, group_id))
    with pytest.raises(NotFound):
        run(client.security_groups.get(region, group_id))


def test_a_rule_may_name_another_group(client: Client, run: Any, make: Any, region: str) -> None:
    vpc_id = make.vpc()
    web, database = make.group(vpc_id), make.group(vpc_id)
    rule = Rule("ingress", "accept", "TCP", ports="3306", group_id=web)
    [added] = run(client.security_groups.add_rules(region, database, [rule]))
    seen = {rule.id: rule for rule in run(client.security_groups.get(region, database)).rules}
    assert seen[added].group_id == web
    run(client.security_groups.remove_rule(region, database, seen[added]))


BAD_RULES = {
    "a port beyond the last": Rule("ingress", "accept", "TCP", ports="70000"),
    "ports the wrong way round": Rule("ingress", "accept", "TCP", ports="9000-8000"),
    "a priority beyond 100": Rule("ingress", "accept", "TCP", ports="22", priority=101),
    "an unknown protocol": Rule("ingress", "accept", "SCTP", ports="22"),
    "an unknown action": Rule("ingress", "allow", "TCP", ports="22"),
    "a malformed network": Rule("ingress", "accept", "TCP", ports="22", cidr="10.0.0.0/33"),
}


@pytest.mark.parametrize("rule", BAD_RULES.values(), ids=BAD_RULES.keys())
def test_what_a_rule_cannot_be(client: Client, run: Any, make: Any, region: str, rule: Rule) -> None:
    group_id = make.group(make.vpc())
    before = run(client.security_groups.get(region, group_id)).rules
    with pytest.raises(ParameterError):
        run(client.security_groups.add_rules(region, group_id, [RULES[0], rule]))
    assert run(client.security_groups.get(region, group_id)).rules == before


def test_a_rule_that_is_not_there_cannot_be_removed(client: Client, run: Any, make: Any, region: str) -> None:
    group_id = make.group(make.vpc())
    ghost = Rule("ingress", "accept", "TCP", id="sgrule-nothere")
    with pytest.raises(NotFound):
        run(client.security_groups.remove_rule(region, group_id, ghost))
