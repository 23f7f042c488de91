"""What CTyun accepts for load balancers, as functions of one value, like those in `rules`."""

from __future__ import annotations

import re

_PATH = re.compile(r"/[A-Za-z0-9\-._~/?%&=+:@!,;]{0,79}")  # no "#": what follows it is never sent
LONGEST_PEM = 65536
_COOKIE = re.compile(r"[A-Za-z0-9_-]{1,64}")


def check_path(value: str) -> str | None:
    if _PATH.fullmatch(value):
        return None
    return f"{value!r} is no path of a health check: at most 80 characters of a URL, '/' first, no '#'"


def cookie_name(value: str) -> str | None:
    return None if _COOKIE.fullmatch(value) else f"{value!r} is no cookie's name: 1-64 letters, digits, '-' or '_'"


def certificate(value: str) -> str | None:
    """Only its form. The text never shows it: it may hold a key."""
    if "-----BEGIN CERTIFICATE-----" not in value or "-----END CERTIFICATE-----" not in value:
        return "is no certificate in PEM form"
    if "PRIVATE KEY" in value:  # the cloud shows it to whoever asks
        return "holds a private key; that belongs into privateKey alone"
    return _short_enough(value)


def certificate_key(value: str) -> str | None:
    """Only its form; the text never shows the key."""
    if "-----BEGIN " not in value or "PRIVATE KEY-----" not in value:
        return "is no private key in PEM form"
    if "ENCRYPTED" in value:  # both forms of PEM say so
        return "needs a passphrase; give it without"
    return _short_enough(value)


def _short_enough(pem: str) -> str | None:
    return None if len(pem) <= LONGEST_PEM else f"has {len(pem)} characters; CTyun takes {LONGEST_PEM}"
