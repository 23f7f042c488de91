"""The envelopes of the API's families, and which error a code means.

Success is `statusCode` 800 (int or text) with `returnObj`; RDS says 0 (`/RDS2/`) or 200 (`/teledb-*`) instead. Failure is 900
with `errorCode` and/or `error`; one kind of it is none: an order that was accepted and still runs. The gateway in front answers
`CTAPI_100xx` in the same field.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from ctyun import errors
from ctyun.redaction import hide

SUCCESS = "800"
IN_PROGRESS = frozenset({"openapi.order.inprogress", "ebs.order.inprogress", "sfs.order.inprogress"})

# Read from top to bottom, the first that fits wins. Codes for in-use, duplicate, quota and reused token are not documented:
# the patterns take the usual words, and nothing in this package depends on telling them apart.
FAMILIES: tuple[tuple[re.Pattern[str], type[errors.ApiError]], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), family)
    for pattern, family in (
        (r"^(CTAPI_)?10002$", errors.UnknownKey),
        (r"^(CTAPI_)?10009$", errors.BadSignature),
        (r"NotFound|NotExists?$|resourceNotExist|noSuch|dataDamaged|Certificate\.AccessFailed|MYSQL_10002", errors.NotFound),
        (r"ClientToken|Idempot", errors.TokenReused),
        (r"InUse|IsUsed|HasResource|NotEmpty|AlreadyBound|AlreadyApplied", errors.InUse),
        (r"Duplicat|AlreadyExist|NameExist|Conflict", errors.Duplicate),
        (r"Quota|LimitExceed|OverLimit|ExceedLimit", errors.QuotaExceeded),
        (r"StatusNot|StatusError|StateInvalid|InvalidStat|Busy$|NotBound$|NotJoined$", errors.WrongState),
        (r"Common\.403|CTIAM_|Permission|Forbidden|NoPrivilege", errors.PermissionDenied),
        (r"Param|Invalid|Illegal|Malformed|Unsupported", errors.ParameterError),
        (r"Internal|SystemError|Unavailable|Restoring", errors.ServiceFault),
    )
)
# RDS says in its sentence alone that something is missing: "outerProdInstId not exist".
MISSING = re.compile(r"MYSQL_10002|\b(outerProdInstId|accountName|dbName|groupName)\b.*\bnot exist", re.IGNORECASE)


@dataclass(frozen=True)
class Answer:
    """A successful answer: `body` is returnObj, or {"items": returnObj} where that is a list, {"value": returnObj} where a text.

    `in_progress` says that an order was accepted and still runs. `message`: the cloud's sentence, mostly "success".
    """

    body: Mapping[str, Any]
    in_progress: bool = False
    request_id: str = ""
    message: str = ""


@dataclass(frozen=True)
class Refusal:
    """The parts of a failure, before it is known what was attempted."""

    code: str
    message: str
    gateway: bool

    @classmethod
    def from_api(cls, envelope: Mapping[str, Any]) -> Self:
        status = str(envelope.get("statusCode", ""))
        gateway = status.startswith("CTAPI_")
        codes = (status,) if gateway else (_text(envelope, "errorCode"), _text(envelope, "error"))
        message = _text(envelope, "message") or _text(envelope, "description")
        return cls(next((code for code in codes if code), status), message, gateway)

    def family(self, http_status: int) -> type[errors.ApiError]:
        """The class for this code; with no known code the HTTP status decides."""
        found = next((family for pattern, family in FAMILIES if pattern.search(self.code)), None)
        if found:
            return found
        if MISSING.search(self.message):
            return errors.NotFound
        if http_status in (401, 403):
            return errors.AuthError
        return errors.ServiceFault if http_status >= 500 else errors.ApiError


def read_envelope(
    envelope: Mapping[str, Any],
    *,
    http_status: int,
    operation: str,
    thing: str,
    request_id: str,
    secrets: frozenset[str] = frozenset(),
    success: str = SUCCESS,
) -> Answer:
    """The answer in an envelope. Raises the ApiError of its code; texts in `secrets` are hidden in it."""
    contents = _contents(envelope.get("returnObj"))
    if 200 <= http_status < 300 and str(envelope.get("statusCode")) == success:
        return Answer(contents, request_id=request_id, message=hide(_text(envelope, "message"), secrets))
    refusal = Refusal.from_api(envelope)
    if refusal.code.lower() in IN_PROGRESS:
        return Answer(contents, in_progress=True, request_id=request_id)
    message = hide(refusal.message, secrets)
    raise refusal.family(http_status)(operation, thing, refusal.code, message, request_id)


def _contents(body: Any) -> Mapping[str, Any]:
    if isinstance(body, Mapping):
        return body
    if isinstance(body, list):
        return {"items": body} if body else {}
    return {"value": body} if isinstance(body, str) and body else {}


def _text(envelope: Mapping[str, Any], key: str) -> str:
    value = envelope.get(key)
    return value if isinstance(value, str) else ""
