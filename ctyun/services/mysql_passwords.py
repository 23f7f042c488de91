"""The password of root in an order: encrypted with the cloud's RSA key (PKCS#1 v1.5), in base64."""

from __future__ import annotations

import base64
import binascii

from ctyun.errors import BadAnswer


def encrypted(password: str, public_key: str) -> str:
    """`public_key`: SubjectPublicKeyInfo in base64 or PEM, as the cloud hands it out. Raises BadAnswer when it is neither."""
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15  # slow to import, and few instances have a password
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    body = "".join(line.strip() for line in public_key.splitlines() if not line.startswith("-----"))
    try:
        key = load_der_public_key(base64.b64decode(body, validate=True))
    except (ValueError, binascii.Error) as error:
        raise BadAnswer("The cloud's public key for passwords cannot be read; it should be RSA in base64.") from error
    if not isinstance(key, RSAPublicKey):
        raise BadAnswer("The cloud's public key for passwords is not an RSA key.")
    return base64.b64encode(key.encrypt(password.encode(), PKCS1v15())).decode()
