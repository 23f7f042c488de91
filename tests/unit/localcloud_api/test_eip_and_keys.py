"""Elastic addresses, key pairs, images and regions."""

from __future__ import annotations

from typing import Any

import pytest

REGION = "bb9fdb42056f11eda1610242ac110002"


def order_eip(api: Any, name: str = "address", **more: Any) -> str:
    """Post the same call until the order is done, as clients do."""
    wish = {"regionID": REGION, "name": name, "cycleType": "on_demand", "clientToken": f"token-{name}"} | more
    first = api.ok(api.post("/v4/eip/create", **wish))
    assert (first["masterResourceStatus"], first["eipID"]) == ("in_progress", None)
    second = api.ok(api.post("/v4/eip/create", **wish))
    assert second["masterOrderID"] == first["masterOrderID"]
    assert second["masterResourceStatus"] == "started"
    return str(second["eipID"])


def test_an_address_is_ordered_bound_and_released(api: Any) -> None:
    eip, vpc = order_eip(api, bandwidth=5), api.vpc()
    server = api.server(vpc, api.subnet(vpc))
    one = {"regionID": REGION, "eipID": eip}
    assert api.ok(api.get("/v4/eip/show", **one))["status"] == "DOWN"
    api.ok(api.post("/v4/eip/associate", **one, associationID=server, associationType=1))
    shown = api.ok(api.get("/v4/eip/show", **one))
    assert (shown["status"], shown["associationType"], shown["privateIpAddress"], shown["bandwidth"]) == (
        "ACTIVE",
        "INSTANCE",
        "192.168.1.2",
        5,
    )
    assert [(b.address, b.private_address) for b in api.engines.networks[vpc].eips] == [(shown["eipAddress"], "192.168.1.2")]
    assert api.ok(api.details(server))["floatingIP"] == shown["eipAddress"]
    assert api.post("/v4/eip/delete", **one)["errorCode"] == "Openapi.Eip.InUse"
    api.ok(api.post("/v4/eip/disassociate", **one))
    assert api.engines.networks[vpc].eips == ()
    assert api.post("/v4/eip/disassociate", **one)["errorCode"] == "Openapi.Eip.NotBound"
    gone = api.ok(api.post("/v4/eip/delete", **one, clientToken="d"))
    assert api.ok(api.post("/v4/eip/delete", **one, clientToken="d"))["masterResourceStatus"] == "refunded"
    assert api.finished(gone["masterOrderID"])["orderStatus"] == "3"
    assert api.get("/v4/eip/show", **one)["errorCode"] == "Openapi.Eip.NotFound"


def test_a_server_has_at_most_one_address(api: Any) -> None:
    first, second, vpc = order_eip(api), order_eip(api, "second"), api.vpc()
    server = api.server(vpc, api.subnet(vpc), extIP="2", eipID=first)
    fields = {"regionID": REGION, "associationID": server, "associationType": 1}
    assert api.post("/v4/eip/associate", **fields, eipID=second)["errorCode"] == "Openapi.Eip.InstanceAlreadyBound"
    api.ok(api.post("/v4/eip/associate", **fields, eipID=first))  # already so


def test_released_addresses_rest(api: Any) -> None:
    first = order_eip(api)
    address = api.ok(api.get("/v4/eip/show", regionID=REGION, eipID=first))["eipAddress"]
    api.ok(api.post("/v4/eip/delete", regionID=REGION, eipID=first))
    second = order_eip(api, "second")
    assert api.ok(api.get("/v4/eip/show", regionID=REGION, eipID=second))["eipAddress"] != address


def test_an_own_address_outlives_its_server_and_a_packaged_one_does_not(api: Any) -> None:
    eip, vpc = order_eip(api), api.vpc()
    subnet = api.subnet(vpc)
    for server in (api.server(vpc, subnet, "a1", extIP="2", eipID=eip), api.server(vpc, subnet, "a2", extIP="1", bandwidth=1)):
        api.finished(api.ok(api.post("/v4/ecs/unsubscribe-instance", regionID=REGION, instanceID=server))["masterOrderID"])
    left = api.ok(api.post("/v4/eip/new-list", regionID=REGION))["eips"]
    assert [(left_one["ID"], left_one["status"]) for left_one in left] == [(eip, "DOWN")]


def test_eip_refusals(api: Any) -> None:
    order_eip(api)
    wish = {"regionID": REGION, "cycleType": "on_demand"}
    assert api.post("/v4/eip/create", **wish, name="address")["errorCode"] == "Openapi.Eip.NameDuplicated"
    assert api.post("/v4/eip/create", **wish, name="x", bandwidthID="bw")["errorCode"] == "LocalCloud.Feature.NotModelled"
    assert (
        "cycleCount is required with cycleType month"
        in api.post("/v4/eip/create", **wish | {"cycleType": "month"}, name="ab")["message"]
    )
    for number in range(19):
        api.ok(api.post("/v4/eip/create", **wish, name=f"e-{number}"))
    assert api.post("/v4/eip/create", **wish, name="more")["message"] == "The quota of 20 EIPs in this region is used up."


def test_a_key_pair_is_made_once_and_its_private_half_never_shown_again(api: Any, tmp_path: Any) -> None:
    made = api.ok(api.post("/v4/ecs/keypair/create-keypair", regionID=REGION, keyPairName="key"))
    assert made["privateKey"].startswith("-----BEGIN RSA PRIVATE KEY-----")
    listed = api.ok(api.post("/v4/ecs/keypair/details", regionID=REGION))["results"]
    assert [(pair["keyPairID"], pair["publicKey"], pair["bindInstanceNum"]) for pair in listed] == [
        (made["keyPairID"], made["publicKey"], 0)
    ]
    assert "privateKey" not in listed[0]
    assert not any(b"PRIVATE KEY" in file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert (
        api.post("/v4/ecs/keypair/create-keypair", regionID=REGION, keyPairName="key")["errorCode"]
        == "Ecs.KeyPair.NameDuplicated"
    )
    assert api.ok(api.post("/v4/ecs/keypair/delete", regionID=REGION, keyPairName="key")) == {"keyPairName": "key"}
    assert api.post("/v4/ecs/keypair/delete", regionID=REGION, keyPairName="key")["errorCode"] == "Ecs.KeyPair.NotFound"


def test_an_imported_key_is_rsa_and_found_by_name(api: Any) -> None:
    public = api.ok(api.post("/v4/ecs/keypair/create-keypair", regionID=REGION, keyPairName="first"))["publicKey"]
    answer = api.ok(
        api.post("/v4/ecs/keypair/import-keypair", regionID=REGION, keyPairName="second", publicKey=public + " me@here")
    )
    assert set(answer) == {"publicKey", "keyPairName", "fingerPrint", "keyPairDescription"}
    assert api.ok(api.post("/v4/ecs/keypair/details", regionID=REGION, keyPairName="second"))["totalCount"] == 1
    refused = api.post("/v4/ecs/keypair/import-keypair", regionID=REGION, keyPairName="third", publicKey="ssh-ed25519 AAAA")
    assert refused["message"] == "publicKey must be an OpenSSH line of type ssh-rsa; the API takes no other type"


@pytest.mark.parametrize("name", ["1key", "key-", "k", "key_1"])
def test_key_names(api: Any, name: str) -> None:
    assert api.post("/v4/ecs/keypair/create-keypair", regionID=REGION, keyPairName=name)["errorCode"] == "Openapi.Parameter.Error"


def test_a_missing_image_is_only_an_error_when_asked_for(api: Any) -> None:
    assert api.ok(api.get("/v4/image/detail", regionID=REGION, imageID="x")) == {"images": []}
    assert (
        api.get("/v4/image/detail", regionID=REGION, imageID="x", errorFree="False")["errorCode"] == "Image.ImageCheck.NotFound"
    )
    image = api.image("debian-12-lamp")
    assert api.ok(api.get("/v4/image/detail", regionID=REGION, imageID=image))["images"][0]["imageName"] == "debian-12-lamp"
    assert api.ok(api.get("/v4/image/list", regionID=REGION, imageVisibilityCode=0))["images"] == []
    assert api.image(region="200000001852") != api.image()


def test_regions_and_zones(api: Any) -> None:
    regions = api.ok(api.get("/v4/region/list-regions"))["regionList"]
    assert [(region["regionName"], len(region["zoneList"])) for region in regions] == [("华东1", 3), ("华北2", 3)]
    zones = api.ok(api.get("/v4/region/get-zones", regionID=REGION))["zoneList"]
    assert zones[0] == {"name": "cn-huadong1-jsnj1A-public-ctcloud", "azDisplayName": "可用区1"}
    assert len(api.ok(api.get("/v4/ecs/availability-zones/details", regionID=REGION))["azList"]) == 3
    assert api.ok(api.get("/v4/region/get-summary", regionID=REGION))["isMultiZones"] is True
    assert api.ok(api.get("/v4/region/customer-quotas", regionID=REGION))["quotas"]["vm_limit"] == 50
