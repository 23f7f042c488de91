"""Secrets leave this package only towards the cloud: never into logs, never into the text of an error."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from typing import Any

HIDDEN = "[secret]"
SECRET_FIELDS = frozenset(
    {
        "userpassword",
        "password",
        "accountpassword",
        "rootpassword",
        "privatekey",
        "userdata",
        "secretkey",
        "localkey",
        "eop-authorization",
        "x-drlab-key",
    }
)
SHORTEST = 4  # shorter values would hide half of an ordinary sentence


def redacted(value: Any, secrets: frozenset[str] = frozenset()) -> Any:
    """A copy of a JSON value with every secret field, and every known secret in other texts, hidden.

    {"userPassword": "x"} -> {"userPassword": "[secret]"}
    """
    if isinstance(value, Mapping):
        return {key: HIDDEN if _is_secret(key) and item else redacted(item, secrets) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [redacted(item, secrets) for item in value]
    return hide(value, secrets) if isinstance(value, str) else value


def secrets_in(value: Any) -> frozenset[str]:
    """All texts that stand in secret fields, to be hidden where the cloud repeats them: also decoded, where they are base64."""
    texts = frozenset(_texts(value))
    return frozenset(text for text in texts | frozenset(map(_decoded, texts)) if len(text) >= SHORTEST)


def hide(text: str, secrets: frozenset[str]) -> str:
    """The text with each of the secrets replaced; longest first, so that one inside another leaves no rest."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return text


def _decoded(text: str) -> str:
    """Passwords of databases and user data travel in base64; "" when this is none."""
    try:
        return base64.b64decode(text, validate=True).decode()
    except ValueError:
        return ""


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            if _is_secret(key) and isinstance(item, str):
                yield item
            else:
                yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)


def _is_secret(key: object) -> bool:
    return str(key).lower() in SECRET_FIELDS
