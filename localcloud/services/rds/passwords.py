"""Passwords of MySQL accounts on their way in: encrypted for this cloud, checked, and kept as MariaDB's hash only."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import re
import secrets
from functools import lru_cache
from typing import TYPE_CHECKING

from localcloud.api.inputs import Fields
from localcloud.records.store import Store

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

KEY_BITS = 2048
RULE = "8-32 printable characters without spaces, three of: upper case, lower case, digits, special characters"
_KEY = "mysql password key"  # the note of the private key, PEM


async def public_key(store: Store) -> str:
    """What clients encrypt the password of an order with: SubjectPublicKeyInfo in base64. The key is made at its first use."""
    if store.note(_KEY) is None:
        made = await asyncio.to_thread(_new_key)  # takes up to a second
        if store.note(_KEY) is None:  # nobody was quicker
            store.set_note(_KEY, made)
    return await asyncio.to_thread(_public, str(store.note(_KEY)))


def _public(pem: str) -> str:
    from cryptography.hazmat.primitives import serialization as form  # costly to import, rarely needed

    der = _key(pem).public_key().public_bytes(form.Encoding.DER, form.PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


def decrypted(store: Store, text: str) -> str | None:
    """The password in a field that was encrypted by PKCS#1 v1.5 with our key; None for one with any other key.

    With another key this padding now and then "decrypts" to random bytes, hence the look at what came out.
    While nobody has asked for our key, there is none.
    """
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

    if (pem := store.note(_KEY)) is None:
        return None
    try:
        content = _key(pem).decrypt(base64.b64decode(text, validate=True), PKCS1v15()).decode()
    except (ValueError, binascii.Error):
        return None
    return content if re.fullmatch(r"[!-~]+", content) else None


def encoded(fields: Fields, name: str) -> str:
    """The password in a field of base64, as the calls about accounts carry it; what is wrong with it is noted as a problem."""
    text = fields.text(name, required=True)
    try:
        password = base64.b64decode(text, validate=True).decode()
    except (ValueError, binascii.Error):
        fields.problem(name, "must be the password in base64")
        return ""
    if text:
        check(fields, name, password)
    return password


def check(fields: Fields, name: str, password: str) -> None:
    """Note a password that breaks the rules, without repeating it."""
    classes = sum(bool(re.search(part, password)) for part in ("[A-Z]", "[a-z]", "[0-9]", "[^A-Za-z0-9]"))
    if not re.fullmatch(r"[!-~]{8,32}", password) or classes < 3:
        fields.problem(name, f"is too weak: {RULE}")


def hashed(password: str) -> str:
    """MariaDB's mysql_native_password hash: "*" and 40 hex digits."""
    inner = hashlib.sha1(password.encode(), usedforsecurity=False).digest()
    return "*" + hashlib.sha1(inner, usedforsecurity=False).hexdigest().upper()


def made_up() -> str:
    """A password of the cloud's own."""
    return secrets.token_urlsafe(24)


@lru_cache(maxsize=1)
def _key(pem: str) -> RSAPrivateKey:
    """Read and checked once; that takes a while."""
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric import rsa

    found = form.load_pem_private_key(pem.encode(), None)
    assert isinstance(found, rsa.RSAPrivateKey)
    return found


def _new_key() -> str:
    """PEM."""
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    return key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption()).decode()
