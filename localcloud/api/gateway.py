"""The gateway in front of all products: who calls, is the call what its signature says, is the host one of ours.

The algorithm (HMAC-SHA256 chain over request id, date, query and body hash; method, path and host are not signed) is held
to test vectors made with CTyun's own Python SDK core.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from urllib.parse import quote, unquote, unquote_plus

from localcloud.records.errors import DateTooFarOff, HeaderMissing, HostRefused, SignatureMismatch, UnknownAccessKey

# Official clients write *local* wall-clock time with a Z behind it; any clock on earth (UTC-12 to UTC+14) must pass.
MAX_SKEW_HOURS = 15
PRODUCT_HOST = re.compile(r"^([a-z0-9]+)-global\.ctapi\.ctyun\.cn(:\d+)?$")
LOOPBACK_HOST = re.compile(r"^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$", re.IGNORECASE)
SIGNED_HEADERS = "ctyun-eop-request-id;eop-date"
_AUTHORIZATION = re.compile(r"^(\S+) +Headers=(\S+) +Signature=(\S+)$")


def host_product(host: str) -> str | None:
    """The product of a `<product>-global.ctapi.ctyun.cn` host, None for a loopback host (all products); raises HostRefused.

    Anything else is refused, so that a page in a browser cannot reach the cloud through a name that it points at loopback.
    """
    if LOOPBACK_HOST.match(host):
        return None
    named = PRODUCT_HOST.match(host.lower())
    if named is None:
        raise HostRefused(host, "127.0.0.1, localhost or <product>-global.ctapi.ctyun.cn")
    return named.group(1)


def signature(secret_key: str, access_key: str, request_id: str, date: str, query: str, body: bytes) -> str:
    """Base64 signature of a call whose query string is canonically `query`.

    >>> signature("fedcba9876543210fedcba9876543210", "0123456789abcdef0123456789abcdef",
    ...           "27cfe4dc-e640-45f6-92ca-492ca73e8680", "20260122T093015Z",
    ...           "regionID=bb9fdb42056f11eda1610242ac110002&vpcID=vpc-r5i4zghgvq", b"")
    'hbwEG1SIuaBOZCeGGz73VWq0ApB0oee+xmmQm+NJHIQ='
    """
    body_hash = hashlib.sha256(body).hexdigest()
    text = f"ctyun-eop-request-id:{request_id}\neop-date:{date}\n\n{query}\n{body_hash}"
    return base64.b64encode(_hmac(_date_key(secret_key, access_key, date), text)).decode()


def canonical_queries(raw: str) -> Iterator[str]:
    """The forms of a raw query string that a client may have signed, each as the client meant it.

    As sent, sorted, and re-encoded with %20; and as two of CTyun's own packages do it: with "/" left as it is (the one of
    balancers), and so where a bare "+" is a plus, not a space (the one of databases).

    "b=2/3&a=x+y" -> "b=2/3&a=x+y", "a=x+y&b=2/3", "a=x%20y&b=2%2F3", "a=x%20y&b=2/3", "a=x%2By&b=2/3"
    """
    yield raw
    if raw:
        yield "&".join(sorted(raw.split("&"), key=lambda part: part.partition("=")[0]))
        yield _encoded(raw, unquote_plus, "~")
        yield _encoded(raw, unquote_plus, "/~")
        yield _encoded(raw, unquote, "/~")


def _encoded(raw: str, decode: Callable[[str], str], safe: str) -> str:
    pairs = sorted(tuple(map(decode, part.partition("=")[::2])) for part in raw.split("&") if part)
    return "&".join(f"{quote(key, safe=safe)}={quote(value, safe=safe)}" for key, value in pairs)


def check_signature(headers: Mapping[str, str], query: str, body: bytes, keys: Mapping[str, str], now: datetime) -> str:
    """The query as it was signed, which is what its sender meant.

    Raises the gateway's error unless the call is signed by one of `keys` (access key -> secret key).
    """
    request_id, date = _required(headers, "ctyun-eop-request-id"), _required(headers, "eop-date")
    match = _AUTHORIZATION.match(_required(headers, "eop-authorization"))
    if match is None or match.group(2).lower() != SIGNED_HEADERS:
        raise HeaderMissing(f"Eop-Authorization must read '<AK> Headers={SIGNED_HEADERS} Signature=<base64>'")
    access_key, given = match.group(1), match.group(3)
    if access_key not in keys:
        raise UnknownAccessKey
    _check_date(date, now)
    for form in canonical_queries(query):
        if hmac.compare_digest(signature(keys[access_key], access_key, request_id, date, form, body).encode(), given.encode()):
            return form
    raise SignatureMismatch


def _required(headers: Mapping[str, str], name: str) -> str:
    value = headers.get(name)
    if not value:
        raise HeaderMissing(f"header {name} is missing")
    return value


def _check_date(date: str, now: datetime) -> None:
    try:
        claimed = datetime.fromisoformat(date) if len(date) == len("20260122T093015Z") else None
    except ValueError:
        claimed = None
    if claimed is None or claimed.tzinfo is None:
        raise DateTooFarOff(date, MAX_SKEW_HOURS)
    if abs(claimed - now) > timedelta(hours=MAX_SKEW_HOURS):
        raise DateTooFarOff(date, MAX_SKEW_HOURS)


@lru_cache(maxsize=256)
def _date_key(secret_key: str, access_key: str, date: str) -> bytes:
    time_key = _hmac(secret_key.encode(), date)
    return _hmac(_hmac(time_key, access_key), date[:8])


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")
