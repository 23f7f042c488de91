"""Certificates: read the call, obey the rules, shape the answer."""

from __future__ import annotations

from dataclasses import replace
from time import time
from typing import Any

from localcloud.api.calls import Call
from localcloud.records.balancers import CERTIFICATES, Certificate
from localcloud.records.catalogue import QUOTAS
from localcloud.records.errors import NotModelled
from localcloud.records.errors.certificate import CertificateInUse, CertificateNameDuplicated
from localcloud.records.identifiers import short_id
from localcloud.services.certificate import model


def create_certificate(call: Call) -> dict[str, Any]:
    fields, region, now = call.fields, call.region(), time()
    name, description = fields.name("name", required=True), fields.description()
    kind = fields.choice("type", model.KINDS, required=True)
    certificate, key = fields.text("certificate", required=True, longest=model.LONGEST), _key(call, kind)
    if kind == "Server" and certificate and key and (problem := model.problem_of(certificate, key)):
        fields.problem("certificate", problem)
    fields.check()
    if kind == "Ca":
        raise NotModelled("Certificates of clients' authorities (type=Ca) are not modelled by the local cloud.")
    call.is_free(CERTIFICATES, CertificateNameDuplicated, name, region=region.id)
    call.has_room(CERTIFICATES, QUOTAS.certificates, "certificates in this region", region=region.id)
    made = Certificate(short_id("cert"), region.id, name, description, certificate, key, now, now)
    return {"ID": call.store.put(CERTIFICATES, made).id}


def _key(call: Call, kind: str) -> str:
    return call.fields.text("privateKey", required=kind == "Server", longest=model.LONGEST)


def check_server_certificate(call: Call) -> dict[str, Any]:
    """Whether a certificate and a key could be uploaded."""
    fields = call.fields
    certificate = fields.text("certificate", required=True, longest=model.LONGEST)
    key = _key(call, "Server")
    fields.check()
    return {"isValid": model.problem_of(certificate, key) is None}


def show_certificate(call: Call) -> dict[str, Any]:
    return model.certificate_shown(call.one(CERTIFICATES, "certificateID", "ID"))


def list_certificates(call: Call) -> list[dict[str, Any]]:
    fields, region = call.fields, call.region()
    ids, names, kinds = fields.listed("IDs"), fields.listed("name"), fields.listed("type")
    fields.check()
    return [
        model.certificate_shown(found)
        for found in call.store.find(CERTIFICATES, region=region.id)
        if (not ids or found.id in ids) and (not names or found.name in names)
        and (not kinds or "Server" in kinds)
    ]  # fmt: skip


def update_certificate(call: Call) -> list[dict[str, Any]]:
    fields = call.fields
    name, described, description = fields.name("name"), fields.has("description"), fields.description()
    certificate = call.one(CERTIFICATES, "certificateID", "ID")
    call.is_free(CERTIFICATES, CertificateNameDuplicated, name, certificate.id, region=certificate.region)
    call.store.put(CERTIFICATES, replace(
        certificate, name=name or certificate.name, description=description if described else certificate.description,
        updated=time(),
    ))  # fmt: skip
    return [{"ID": certificate.id}]


def delete_certificate(call: Call) -> list[dict[str, Any]]:
    certificate = call.one(CERTIFICATES, "certificateID", "ID")
    if users := model.listeners_with(call.store, certificate):
        raise CertificateInUse(certificate.id, users)
    call.store.delete(CERTIFICATES, certificate.id)
    return [{"ID": certificate.id}]
