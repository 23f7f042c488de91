"""RSA keys for tests: making one takes a tenth of a second, and most tests do not care which it is."""

from __future__ import annotations

from functools import cache

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key


@cache
def rsa_key(whose: str = "") -> RSAPrivateKey:
    """The same one in the whole session for the same owner."""
    return generate_private_key(65537, 2048)
