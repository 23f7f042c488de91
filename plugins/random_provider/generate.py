"""Random values, from the operating system's cryptographic source. Pure functions of a policy; nothing is logged."""

from __future__ import annotations

import base64
import secrets
import string
from collections.abc import Mapping, Sequence
from typing import Any

import bcrypt

from plugins.random_provider.words import ADJECTIVES, ADVERBS, NAMES

SPECIAL = "!@#$%&*()-_=+[]{}<>:?"  # what pulumi-random calls special characters
BCRYPT_COST = 10  # the same work factor as the original
BCRYPT_BYTES = 72  # bcrypt looks at no more, and the original cuts there

_random = secrets.SystemRandom()


def characters(policy: Mapping[str, Any]) -> str:
    """A string that obeys the inputs of RandomPassword and RandomString (defaults filled in).

    First the guaranteed characters of each class, then the rest from all allowed classes, then a shuffle. As in the
    original, a `min...` counts even where its class is otherwise switched off.
    """
    special = policy["overrideSpecial"] or SPECIAL
    classes = (
        (string.ascii_lowercase, policy["lower"], policy["minLower"]),
        (string.ascii_uppercase, policy["upper"], policy["minUpper"]),
        (string.digits, policy["numeric"], policy["minNumeric"]),
        (special, policy["special"], policy["minSpecial"]),
    )
    chosen = [secrets.choice(letters) for letters, _, least in classes for _ in range(least)]
    allowed = "".join(letters for letters, wanted, _ in classes if wanted)
    chosen += [secrets.choice(allowed) for _ in range(policy["length"] - len(chosen))]
    _random.shuffle(chosen)
    return "".join(chosen)


def bcrypt_hash(password: str) -> str:
    """The password's bcrypt hash; takes some 50 ms of CPU, so call it in a thread."""
    return bcrypt.hashpw(password.encode()[:BCRYPT_BYTES], bcrypt.gensalt(BCRYPT_COST, prefix=b"2a")).decode()


def id_forms(raw: bytes, prefix: str) -> dict[str, str]:
    """The four spellings of a RandomId, each behind the prefix."""
    return {
        "b64Std": prefix + base64.b64encode(raw).decode(),
        "b64Url": prefix + b64_url(raw),
        "hex": prefix + raw.hex(),
        "dec": prefix + str(int.from_bytes(raw)),
    }


def b64_url(raw: bytes) -> str:
    """URL-safe base64 without padding."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def pet(length: int, separator: str, prefix: str) -> str:
    """`length` words: adverbs, an adjective, a name; for example `mostly-calm-otter`."""
    groups: Sequence[Sequence[str]] = [*[ADVERBS] * (length - 2), *[ADJECTIVES] * (length > 1), NAMES]
    words = [secrets.choice(group) for group in groups]
    return separator.join([prefix, *words] if prefix else words)
