"""What key pairs are: RSA, like the API's; the private half leaves in the answer and is kept nowhere."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any

from localcloud.api.inputs import Fields
from localcloud.records.compute import INSTANCES, KeyPair
from localcloud.records.store import Store
from localcloud.services.ecs.model import labels_shown

LONGEST_LABEL = 128
NAME = re.compile(r"[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])")
NAME_RULE = "2-63 letters, digits or '-', beginning with a letter and not ending with '-'"
LONGEST_PUBLIC_KEY = 1024
KEY_BITS = 2048
LEAST_BITS = 1024  # sshd refuses smaller keys


def generate() -> tuple[str, str]:
    """A new RSA key pair: public line (OpenSSH), private key (PEM)."""
    from cryptography.hazmat.primitives import serialization as form  # costly to import, rarely needed
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    private = key.private_bytes(form.Encoding.PEM, form.PrivateFormat.TraditionalOpenSSL, form.NoEncryption())
    public = key.public_key().public_bytes(form.Encoding.OpenSSH, form.PublicFormat.OpenSSH)
    return public.decode(), private.decode()


def read_public_key(fields: Fields) -> str:
    """The public key of an import call; anything but an RSA key line is noted as a problem."""
    given = fields.text("publicKey", required=True, longest=LONGEST_PUBLIC_KEY)
    text = given.strip()
    parts = text.split(None, 2)
    if given and (len(parts) < 2 or parts[0] != "ssh-rsa" or not _is_rsa(parts[1]) or not text.isprintable()):
        fields.problem("publicKey", "must be an OpenSSH line of type ssh-rsa; the API takes no other type")
    return text


def fingerprint(public_key: str) -> str:
    """MD5 of the key, as the API shows it: "aa:bb:…"."""
    digest = hashlib.md5(base64.b64decode(public_key.split()[1]), usedforsecurity=False).hexdigest()
    return ":".join(digest[i : i + 2] for i in range(0, 32, 2))


def shown(store: Store, pair: KeyPair) -> dict[str, Any]:
    """A key pair as the API shows it."""
    bound = sum(server.key_pair_id == pair.id for server in store.find(INSTANCES, region=pair.region))
    return {
        "publicKey": pair.public_key, "keyPairName": pair.name, "fingerPrint": pair.fingerprint, "keyPairID": pair.id,
        "projectID": pair.project, "bindInstanceNum": bound, "keyPairDescription": pair.description,
        "labelList": labels_shown(pair.labels),
    }  # fmt: skip


def _is_rsa(encoded: str) -> bool:
    """Three texts, each behind its length: "ssh-rsa", the exponent, the modulus; and nothing else."""
    try:
        rest, texts = base64.b64decode(encoded, validate=True), []
    except ValueError:
        return False
    while rest:
        length = int.from_bytes(rest[:4], "big")
        texts.append(rest[4 : 4 + length])
        rest = rest[4 + length :]
        if len(texts[-1]) < max(length, 1):
            return False
    return len(texts) == 3 and texts[0] == b"ssh-rsa" and len(texts[2]) * 8 >= LEAST_BITS
