"""Everything that this package raises on purpose.

CtyunError
├── ConfigurationError      the caller's set-up: no record of the local cloud, keys of the wrong form
├── UnknownName             a region, zone, flavour or image that does not exist; lists what does
├── TransportError
│   ├── NoAnswer            nothing came back: refused, unreachable, timed out
│   └── BadAnswer           something came back that is not an answer of this API
├── ApiError                the cloud said no; carries `code`, `operation`, `thing`, `request_id`
│   ├── NotFound
│   ├── InUse
│   ├── Duplicate           the name is taken
│   ├── TokenReused         a clientToken was used before with other parameters
│   ├── ParameterError
│   ├── QuotaExceeded
│   ├── WrongState          e.g. a server that is not stopped
│   ├── PermissionDenied
│   ├── AuthError
│   │   ├── UnknownKey      the access key is not known
│   │   └── BadSignature    wrong secret key, or the request was changed on its way
│   └── ServiceFault        the cloud's own trouble (5xx, gateway)
├── OrderFailed
├── JobFailed
├── WaitTimeout             also a TimeoutError
└── LocalCloudError         a call of /_local/ was refused

Every text is a sentence that may be shown to a user: what was attempted, on which thing, what to do. Secrets never stand in it.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class CtyunError(Exception):
    """Base of all errors of this package."""


class ConfigurationError(CtyunError):
    """The caller's set-up is incomplete; the text says how to complete it."""


class UnknownName(CtyunError):
    """A name that nothing has. The text holds near matches, or everything there is.

    UnknownName("region", "华东11", ["华东1", "华北2"]) ->
    No region is called '华东11'. Did you mean 华东1? There are: 华东1, 华北2.
    """

    def __init__(self, kind: str, name: str, existing: Iterable[str], where: str = "") -> None:
        self.kind, self.name, self.existing = kind, name, tuple(existing)
        near = get_close_matches(name, self.existing, n=3, cutoff=0.6)
        guess = f" Did you mean {' or '.join(near)}?" if near else ""
        listed = f" There are: {', '.join(self.existing)}." if self.existing else f" There is no {kind} at all."
        super().__init__(f"No {kind}{f' {where}' if where else ''} is called {name!r}.{guess}{listed}")


class TransportError(CtyunError):
    """The request or its answer got lost or damaged."""


class NoAnswer(TransportError):
    """Nothing came back. The request may or may not have been carried out."""


class BadAnswer(TransportError):
    """Something came back that cannot be understood."""


class ApiError(CtyunError):
    """The cloud refused a call.

    `operation` is a verb phrase ("create VPC"), `thing` what it was about ("demo"), `code` the cloud's own code.
    """

    advice = ""

    def __init__(self, operation: str, thing: str, code: str, message: str, request_id: str = "") -> None:
        self.operation, self.thing, self.code, self.message, self.request_id = operation, thing, code, message, request_id
        reason = ": ".join(part for part in (code, message.rstrip(". ")) if part) or "the cloud gave no reason"
        sentences = [f"Could not {' '.join(filter(None, (operation, thing)))}: {reason}.", self.advice]
        super().__init__(" ".join(filter(None, sentences)))


class NotFound(ApiError):
    """The thing does not exist (any more)."""

    advice = "It may have been deleted: check its id and region, or refresh."


class InUse(ApiError):
    """The thing cannot go while others use it."""

    advice = "Remove what still uses it, then try again."


class Duplicate(ApiError):
    """The name is taken."""

    advice = "Choose another name, or delete what has this one."


class TokenReused(ApiError):
    """The clientToken belongs to an earlier request with other parameters."""

    advice = "Use a new clientToken for a new wish."


class ParameterError(ApiError):
    """The cloud does not accept a value."""

    advice = "Correct the value; nothing was created."


class QuotaExceeded(ApiError):
    """The account has as many as it may have."""

    advice = "Delete what is no longer needed, or ask for a larger quota."


class WrongState(ApiError):
    """The thing is not in the state that the call needs."""

    advice = "Wait until it has settled, then try again."


class PermissionDenied(ApiError):
    """The key is good but may not do this."""

    advice = "Give the account that owns the access key the permission."


class AuthError(ApiError):
    """The gateway did not accept the request's signature."""

    advice = "Check the access key and the secret key."


class UnknownKey(AuthError):
    """The access key is not known."""


class BadSignature(AuthError):
    """Secret key and signature do not fit together."""


class ServiceFault(ApiError):
    """The cloud has trouble of its own."""

    advice = "Try again later; the request may or may not have been carried out."


class OrderFailed(CtyunError):
    """An order ended without what was ordered."""


class JobFailed(CtyunError):
    """An asynchronous job ended in failure."""


class WaitTimeout(CtyunError, TimeoutError):
    """What was waited for did not come in time; the text names it and the last state seen."""


class LocalCloudError(CtyunError):
    """The local cloud refused a call of /_local/; `status` is its HTTP status."""

    def __init__(self, status: int, sentence: str) -> None:
        self.status = status
        super().__init__(sentence)
