"""Key pairs: made, imported, shown, deleted."""

from __future__ import annotations

from time import time
from typing import Any

from localcloud.api.calls import Call, page, paged
from localcloud.records.catalogue import QUOTAS
from localcloud.records.compute import KEY_PAIRS, KeyPair
from localcloud.records.errors.keypair import KeyPairNameDuplicated, KeyPairNotFound
from localcloud.records.identifiers import long_id
from localcloud.services.ecs.model import labels_of
from localcloud.services.keypair import model


def create_keypair(call: Call) -> dict[str, Any]:
    labels = labels_of(call.fields, "labelList", longest=model.LONGEST_LABEL)
    region_id, name, description = _wanted(call)
    public, private = model.generate()
    pair = _store(call, region_id, name, public, description, labels)
    return _answer(pair) | {"privateKey": private, "keyPairID": pair.id}


def import_keypair(call: Call) -> dict[str, Any]:
    """The answer holds no id, as in the real API: look it up by name."""
    public = model.read_public_key(call.fields)
    region_id, name, description = _wanted(call)
    return _answer(_store(call, region_id, name, public, description))


def list_keypairs(call: Call) -> dict[str, Any]:
    fields, region = call.fields, call.region()
    name, content = fields.text("keyPairName"), fields.text("queryContent")
    labels = labels_of(fields, "labelList", longest=model.LONGEST_LABEL)
    number, size = page(call)
    fields.check()
    found = [
        model.shown(call.store, pair)
        for pair in call.store.find(KEY_PAIRS, region=region.id)
        if name in ("", pair.name) and content in f"{pair.name} {pair.id}" and labels.items() <= pair.labels.items()
    ]
    return paged("results", found, number, size)


def delete_keypair(call: Call) -> dict[str, Any]:
    region, name = call.region(), call.fields.text("keyPairName", required=True)
    call.fields.check()
    for pair in call.store.find(KEY_PAIRS, region=region.id, name=name):
        call.store.delete(KEY_PAIRS, pair.id)
        return {"keyPairName": name}
    raise KeyPairNotFound(name, region.id)


def _wanted(call: Call) -> tuple[str, str, str]:
    fields, region = call.fields, call.region()
    spelled = "keypairName" if fields.has("keypairName") else "keyPairName"  # one of CTyun's own clients
    name = fields.name(spelled, required=True, rule=model.NAME, says=model.NAME_RULE)
    description = fields.description("keyPairDescription", longest=255)
    fields.check()
    call.is_free(KEY_PAIRS, KeyPairNameDuplicated, name, region=region.id)
    call.has_room(KEY_PAIRS, QUOTAS.key_pairs, "key pairs in this region", region=region.id)
    return region.id, name, description


def _store(call: Call, region_id: str, name: str, public: str, description: str, labels: dict[str, str] | None = None) -> KeyPair:
    pair = KeyPair(long_id(), region_id, name, public, model.fingerprint(public), description, "0", time(), labels or {})
    return call.store.put(KEY_PAIRS, pair)


def _answer(pair: KeyPair) -> dict[str, Any]:
    return {
        "publicKey": pair.public_key, "keyPairName": pair.name, "fingerPrint": pair.fingerprint,
        "keyPairDescription": pair.description,
    }  # fmt: skip
