"""What CTyun accepts for load balancers, as functions of one value, like those in `rules`."""

from __future__ import annotations

import re

_PATH = re.compile(r"/[A-Za-z0-9\-._~/?#%&=+:@!,;]{0,79}")
_COOKIE = re.compile(r"[A-Za-z0-9_-]{1,64}")


def check_path(value: str) -> str | None:
    if _PATH.fullmatch(value):
        return None
    return f"{value!r} is no path of a health check: at most 80 characters of a URL, '/' first"


def cookie_name(value: str) -> str | None:
    return None if _COOKIE.fullmatch(value) else f"{value!r} is no cookie's name: 1-64 letters, digits, '-' or '_'"


def certificate(value: str) -> str | None:
    """Only its form."""
    if value.startswith("-----BEGIN CERTIFICATE-----") and "-----END CERTIFICATE-----" in value:
        return None
    return "is no certificate in PEM form"
