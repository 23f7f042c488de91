"""EIPs and key pairs through our client."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from support.keys import rsa_key

from ctyun import Client, CloudRecord, Duplicate, NotFound, ParameterError


def public_line(key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey) -> str:
    openssh = (serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    return key.public_key().public_bytes(*openssh).decode()


def test_the_life_of_an_eip(client: Client, run: Any, make: Any, region: str, record: CloudRecord) -> None:
    eip = make.eip()
    assert (eip.status, eip.bandwidth, eip.instance_id, eip.private_address) == ("DOWN", 5, None, None)
    assert record.internet_cidr is not None
    assert ipaddress.ip_address(eip.address) in ipaddress.ip_network(record.internet_cidr)
    assert run(client.eips.list(region, name=eip.name)) == [eip]
    run(client.eips.rename(region, eip.id, f"{eip.name}-2"))
    assert run(client.eips.get(region, eip.id)).name == f"{eip.name}-2"
    run(client.eips.delete(region, eip.id))
    with pytest.raises(NotFound):
        run(client.eips.get(region, eip.id))
    with pytest.raises(NotFound):
        run(client.eips.delete(region, eip.id))


def test_every_eip_has_an_address_of_its_own(make: Any) -> None:
    assert len({make.eip().address for _ in range(4)}) == 4


def test_an_eip_needs_something_to_be_bound_to(client: Client, run: Any, make: Any, region: str) -> None:
    eip = make.eip()
    with pytest.raises(NotFound):
        run(client.eips.associate(region, eip.id, "no-such-server"))
    assert run(client.eips.get(region, eip.id)).status == "DOWN"


def test_an_eip_of_no_bandwidth_is_refused(client: Client, run: Any, region: str, token: Any) -> None:
    with pytest.raises(ParameterError, match="bandwidth"):
        run(client.eips.create(region, name="eip-bad", bandwidth=0, client_token=token()))


def test_a_generated_key_pair(client: Client, run: Any, make: Any, region: str) -> None:
    pair = make.key_pair()
    assert pair.private_key is not None
    private = (
        serialization.load_ssh_private_key(pair.private_key.encode(), password=None)
        if ("OPENSSH" in pair.private_key)
        else serialization.load_pem_private_key(pair.private_key.encode(), password=None)
    )
    assert isinstance(private, rsa.RSAPrivateKey)
    assert pair.public_key.split()[:2] == public_line(private).split()[:2]
    found = run(client.key_pairs.find(region, pair.name))
    assert (found.id, found.private_key, found.server_count) == (pair.id, None, 0)
    with pytest.raises(Duplicate):
        run(client.key_pairs.create(region, pair.name))
    run(client.key_pairs.delete(region, pair.name))
    assert run(client.key_pairs.find(region, pair.name)) is None
    with pytest.raises(NotFound):
        run(client.key_pairs.delete(region, pair.name))


def test_an_imported_key_pair(client: Client, run: Any, make: Any, region: str) -> None:
    line, name = public_line(rsa_key()), make.name("key")
    pair = run(client.key_pairs.import_key(region, name, line))
    make.remove_later(lambda: client.key_pairs.delete(region, name))
    assert pair.public_key.split()[:2] == line.split()[:2]
    with pytest.raises(Duplicate):
        run(client.key_pairs.import_key(region, name, line))


def test_only_rsa_keys_can_be_imported(client: Client, run: Any, region: str) -> None:
    with pytest.raises(ParameterError, match="publicKey"):
        run(client.key_pairs.import_key(region, "key-ed25519", public_line(ed25519.Ed25519PrivateKey.generate())))


@pytest.mark.parametrize("name", ["a", "has space", "under_score", "k" * 64])
def test_what_a_key_pair_cannot_be_called(client: Client, run: Any, region: str, name: str) -> None:
    with pytest.raises(ParameterError, match="keyPairName"):
        run(client.key_pairs.create(region, name))
