"""Request signatures of CTyun's gateway (EOP).

    Q = query: keys ascending, key=value with everything but A-Z a-z 0-9 _ . - ~ percent-encoded, joined by "&"
    H = hex SHA-256 of the exact body bytes
    S = "ctyun-eop-request-id:<id>\\n" "eop-date:<date>\\n" "\\n" Q "\\n" H
    kTime = HMAC(SK, date)   kAk = HMAC(kTime, AK)   kDate = HMAC(kAk, date[0:8])      (HMAC-SHA256, raw bytes)
    Signature = base64(HMAC(kDate, S))

Method, path and host are not part of S. What is signed must be what is sent: use `canonical_query` for the URL as well.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import NamedTuple
from urllib.parse import quote

from ctyun.credentials import Credentials

QueryValue = str | int | float | bool


class KeyChain(NamedTuple):
    """The three keys between the secret key and the signature."""

    time: bytes
    access_key: bytes
    date: bytes


@dataclass(frozen=True)
class Signature:
    """What a signed request carries."""

    request_id: str
    date: str
    authorization: str

    def headers(self) -> dict[str, str]:
        return {
            "ctyun-eop-request-id": self.request_id,
            "Eop-date": self.date,
            "Eop-Authorization": self.authorization,
        }


def eop_date(moment: datetime, zone: tzinfo) -> str:
    """`20260122T093015Z`: wall-clock time of `zone`, whatever the Z says.

    The official SDKs write local time, which is UTC+8 on most of their users' machines; hence the zone is a setting.
    """
    return moment.astimezone(zone).strftime("%Y%m%dT%H%M%SZ")


def canonical_query(query: Mapping[str, QueryValue]) -> str:
    """{"b": "x y", "a": True} -> "a=true&b=x%20y"."""
    return "&".join(f"{quote(key, safe='')}={quote(_text(query[key]), safe='')}" for key in sorted(query))


def string_to_sign(request_id: str, date: str, query: str, body: bytes) -> str:
    digest = hashlib.sha256(body).hexdigest()
    return f"ctyun-eop-request-id:{request_id}\neop-date:{date}\n\n{query}\n{digest}"


def key_chain(credentials: Credentials, date: str) -> KeyChain:
    time = _hmac(credentials.secret_key.encode(), date)
    access_key = _hmac(time, credentials.access_key)
    return KeyChain(time, access_key, _hmac(access_key, date[:8]))


def sign(credentials: Credentials, request_id: str, date: str, query: str, body: bytes) -> Signature:
    """Sign one request; `query` is the canonical query, `body` the bytes that will be sent."""
    raw = _hmac(key_chain(credentials, date).date, string_to_sign(request_id, date, query, body))
    value = base64.b64encode(raw).decode()
    authorization = f"{credentials.access_key} Headers=ctyun-eop-request-id;eop-date Signature={value}"
    return Signature(request_id, date, authorization)


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def _text(value: QueryValue) -> str:
    """JSON's spelling of booleans; Python's would be `True`."""
    return str(value).lower() if isinstance(value, bool) else str(value)
