"""clientTokens, paging, quotas, and many calls at the same time."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from ctyun import Client, QuotaExceeded, TokenReused
from ctyun.services.vpcs import LIST


def test_the_same_token_and_wish_is_the_same_vpc(client: Client, run: Any, make: Any, region: str, token: Any) -> None:
    name, same = make.name("vpc"), token()

    async def create_many() -> list[str]:
        calls = (client.vpcs.create(region, name=name, cidr="10.3.0.0/16", client_token=same) for _ in range(8))
        return list(await asyncio.gather(*calls))

    ids = run(create_many())
    make.remove_later(lambda: client.vpcs.delete(region, ids[0]))
    assert len(set(ids)) == 1
    assert len(run(client.vpcs.list(region, name=name))) == 1


def test_the_same_token_with_another_wish_is_refused(client: Client, run: Any, make: Any, region: str, token: Any) -> None:
    same = token()
    vpc_id = run(client.vpcs.create(region, name=make.name("vpc"), cidr="10.3.0.0/16", client_token=same))
    make.remove_later(lambda: client.vpcs.delete(region, vpc_id))
    other = make.name("vpc")
    with pytest.raises(TokenReused, match="new clientToken"):
        run(client.vpcs.create(region, name=other, cidr="10.4.0.0/16", client_token=same))
    assert run(client.vpcs.list(region, name=other)) == []


def test_a_refused_call_does_not_use_up_its_token(client: Client, run: Any, make: Any, region: str, token: Any) -> None:
    name, same = make.name("vpc"), token()
    with pytest.raises(Exception, match="CIDR"):
        run(client.vpcs.create(region, name=name, cidr="10.3.0.1/16", client_token=same))
    vpc_id = run(client.vpcs.create(region, name=name, cidr="10.3.0.0/16", client_token=same))
    make.remove_later(lambda: client.vpcs.delete(region, vpc_id))
    assert run(client.vpcs.get(region, vpc_id)).name == name


def test_an_eip_ordered_twice_with_one_token_is_one_eip(client: Client, run: Any, make: Any, region: str, token: Any) -> None:
    name, same = make.name("eip"), token()

    async def order_twice() -> list[Any]:
        calls = (client.eips.create(region, name=name, client_token=same) for _ in range(2))
        return list(await asyncio.gather(*calls))

    first, second = run(order_twice())
    make.remove_later(lambda: client.eips.delete(region, first.id))
    assert first == second
    assert len(run(client.eips.list(region, name=name))) == 1


def test_one_of_many_with_one_name_wins(client: Client, run: Any, make: Any, region: str, token: Any) -> None:
    name = make.name("vpc")

    async def create_many() -> list[Any]:
        calls = (client.vpcs.create(region, name=name, cidr="10.3.0.0/16", client_token=token()) for _ in range(6))
        return list(await asyncio.gather(*calls, return_exceptions=True))

    results = run(create_many())
    [winner] = [result for result in results if isinstance(result, str)]
    make.remove_later(lambda: client.vpcs.delete(region, winner))
    assert [vpc.id for vpc in run(client.vpcs.list(region, name=name))] == [winner]


def test_pages(client: Client, run: Any, make: Any, region: str) -> None:
    made = {make.vpc() for _ in range(5)}

    def page(number: int, size: int = 2) -> Any:
        query: dict[str, str | int] = {"regionID": region, "vpcID": ",".join(sorted(made)), "pageNo": number, "pageSize": size}
        return run(client.transport.send(LIST, "", query=query)).body

    pages = [page(number) for number in (1, 2, 3, 4)]
    assert [len(body["vpcs"]) for body in pages] == [2, 2, 1, 0]
    assert {(body["totalCount"], body["totalPage"]) for body in pages} == {(5, 3)}
    assert [body["currentCount"] for body in pages] == [2, 2, 1, 0]
    assert {vpc["vpcID"] for body in pages for vpc in body["vpcs"]} == made


@pytest.mark.parametrize("wrong", [{"pageSize": 51}, {"pageSize": 0}, {"pageNo": 0}, {"pageNo": "x"}])
def test_pages_that_cannot_be(client: Client, run: Any, region: str, wrong: dict[str, Any]) -> None:
    with pytest.raises(Exception, match=next(iter(wrong))):
        run(client.transport.send(LIST, "", query={"regionID": region, **wrong}))


def test_a_full_region(client: Client, run: Any, make: Any, region: str, token: Any) -> None:
    def fill() -> None:
        for _ in range(1000):
            make.vpc()

    with pytest.raises(QuotaExceeded, match=r"quota of \d+ VPCs"):
        fill()
    name = make.name("vpc")
    with pytest.raises(QuotaExceeded):
        run(client.vpcs.create(region, name=name, cidr="10.0.0.0/16", client_token=token()))
    assert run(client.vpcs.list(region, name=name)) == []


def test_many_calls_at_the_same_time(client: Client, run: Any, make: Any, region: str, token: Any) -> None:
    vpc_id = make.vpc()

    async def create_all() -> list[str]:
        calls = (
            client.subnets.create(
                region, vpc_id=vpc_id, name=f"subnet-{number}", cidr=f"192.168.{number}.0/24", client_token=token()
            )
            for number in range(16)
        )
        return list(await asyncio.gather(*calls))

    ids = run(create_all())
    for subnet_id in ids:
        make.remove_later(lambda subnet_id=subnet_id: client.subnets.delete(region, subnet_id))
    assert len(set(ids)) == 16
    assert sorted(subnet.id for subnet in run(client.subnets.list(region, vpc_id))) == sorted(ids)
