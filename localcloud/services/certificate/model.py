"""What certificates are, and the rules they obey."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from localcloud.records.balancers import LISTENERS, Certificate
from localcloud.records.identifiers import when
from localcloud.records.store import Store

LONGEST = 65536  # characters of a PEM text
KINDS = ("Server", "Ca")


def certificate_shown(certificate: Certificate) -> dict[str, Any]:
    """A certificate as the API shows it; its key is shown to nobody."""
    return {
        "ID": certificate.id, "regionID": certificate.region, "azName": "", "projectID": "0", "name": certificate.name,
        "description": certificate.description, "type": "certificate", "privateKey": "", "certificate": certificate.certificate,
        "status": "ACTIVE", "createdTime": when(certificate.created), "updatedTime": when(certificate.updated),
    }  # fmt: skip


def problem_of(certificate: str, private_key: str) -> str | None:
    """None when a TLS server can show this certificate with this key, else why not. What OpenSSL refuses HAProxy refuses too."""
    if "BEGIN CERTIFICATE" not in certificate:
        return "holds no certificate in PEM form"
    if "PRIVATE KEY" in certificate:  # it is shown to whoever asks, and HAProxy would take this key
        return "holds a private key; that belongs into privateKey alone"
    if "PRIVATE KEY" not in private_key:
        return "comes without a private key in PEM form"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        with _file(certificate) as public, _file(private_key) as secret:
            context.load_cert_chain(public, secret, password=_nobody_knows)
    except _Encrypted:
        return "comes with a private key that needs a passphrase; give it without"
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            return "does not belong to the private key that came with it"
        return f"cannot be used together with its key: {error.reason or error}"
    return None


class _Encrypted(Exception):
    """The key needs a passphrase."""


def _nobody_knows() -> str:
    raise _Encrypted


@contextmanager
def _file(text: str) -> Iterator[str]:
    """A path that holds this text, in memory only: OpenSSL reads keys from paths."""
    descriptor = os.memfd_create("pem", os.MFD_CLOEXEC)
    try:
        os.write(descriptor, text.encode())
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)


def listeners_with(store: Store, certificate: Certificate) -> list[str]:
    """The listeners that show it, as they are named in errors."""
    return [
        f"listener {listener.id} ({listener.name})"
        for listener in store.find(LISTENERS, region=certificate.region)
        if listener.certificate_id == certificate.id
    ]
