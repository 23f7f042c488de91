"""What can go wrong, in the cloud's own words. Handlers raise these; `envelope.py` alone renders them.

ApiError                          a product refuses: HTTP 200, statusCode 900, errorCode
├── ParameterError                one or more fields are wrong: all of them in one sentence
├── NotFound                      one subclass per kind of resource, in services/<service>/errors.py
├── InUse, NameDuplicated         likewise (codes invented, see invented.py)
├── QuotaExceeded, TokenReused, NotModelled (PathNotModelled), EngineFailed, StillRestoring
└── GatewayError                  the gateway refuses before any product sees the call: statusCode "CTAPI_100xx"
    └── HeaderMissing, UnknownAccessKey, SignatureMismatch, DateTooFarOff, HostRefused, BodyUnreadable
LocalError                        `/_local/` refuses: HTTP 4xx and {"error": sentence}
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from localcloud.records import error_codes


class ApiError(Exception):
    """A product's refusal. `code` is the wire's errorCode, the text its message, `chinese` its description."""

    code: ClassVar[str]
    chinese: ClassVar[str] = "请求失败"


class ParameterError(ApiError):
    code = "Openapi.Parameter.Error"
    chinese = "请求参数错误"

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(problems))


class NotFound(ApiError):
    """`noun` opens the sentence; subclasses set it and the code."""

    noun: ClassVar[str]
    chinese = "资源不存在"

    def __init__(self, resource_id: str, region: str | None = None) -> None:
        where = f" in region {region}" if region else ""
        super().__init__(f"{self.noun} {resource_id} does not exist{where}.")


class FaultNotFound(NotFound):
    code, noun = error_codes.FAULT_NOT_FOUND, "Fault"


class InUse(ApiError):
    noun: ClassVar[str]
    chinese = "资源正在使用中"

    def __init__(self, resource_id: str, users: Sequence[str]) -> None:
        super().__init__(f"{self.noun} {resource_id} is still used by {', '.join(users)}; remove these first.")


class NameDuplicated(ApiError):
    noun: ClassVar[str]
    chinese = "名称重复"

    def __init__(self, name: str, owner_id: str) -> None:
        super().__init__(f"{self.noun} name {name!r} is already taken by {owner_id}.")


class QuotaExceeded(ApiError):
    code = error_codes.QUOTA_EXCEEDED
    chinese = "超出配额"

    def __init__(self, what: str, limit: int) -> None:
        super().__init__(f"The quota of {limit} {what} is used up.")


class TokenReused(ApiError):
    code = error_codes.TOKEN_REUSED
    chinese = "clientToken 已被其他请求使用"

    def __init__(self, path: str) -> None:
        super().__init__(f"This clientToken was already used for {path} with other parameters; use a new one.")


class NotModelled(ApiError):
    code = error_codes.NOT_MODELLED
    chinese = "本地云不支持该功能"


class PathNotModelled(NotModelled):
    """Answered as a product's refusal, since typed clients show nothing but the status of an HTTP error."""

    def __init__(self, method: str, path: str, hint: str = "") -> None:
        super().__init__(f"{method} {path} is not modelled by the local cloud{hint}")


class EngineFailed(ApiError):
    code = error_codes.ENGINE_FAILED
    chinese = "本地云引擎错误"


class StillRestoring(ApiError):
    code = error_codes.RESTORING
    chinese = "本地云正在恢复"

    def __init__(self, phase: str) -> None:
        super().__init__(f"The local cloud is not ready yet (phase: {phase}); try again in a moment.")


class GatewayError(ApiError):
    """Raised before a product is reached; `number` becomes statusCode "CTAPI_<number>".

    The real HTTP statuses are not published. That they are not 2xx follows from the official Python SDK, which looks for this
    shape of answer only there.
    """

    number: ClassVar[str]
    status: ClassVar[int] = 400
    code = ""
    chinese = "网关拒绝了请求"


class HeaderMissing(GatewayError):
    number = error_codes.GATEWAY_HEADER

    def __init__(self, problem: str) -> None:
        super().__init__(f"ctyun-EOP: {problem}")


class UnknownAccessKey(GatewayError):
    number, status = "10002", 401

    def __init__(self) -> None:
        super().__init__("ctyun-EOP: invalid AK/SK: this access key is unknown")


class SignatureMismatch(GatewayError):
    number, status = "10009", 401

    def __init__(self) -> None:
        super().__init__("ctyun-EOP: signature verification failed")


class DateTooFarOff(GatewayError):
    number, status = error_codes.GATEWAY_DATE, 401

    def __init__(self, date: str, hours: int) -> None:
        super().__init__(f"ctyun-EOP: Eop-date {date} is not a time within {hours} hours of the cloud's clock")


class HostRefused(GatewayError):
    number, status = error_codes.GATEWAY_HOST, 403

    def __init__(self, host: str, allowed: str) -> None:
        super().__init__(f"ctyun-EOP: host {host!r} is not served for this call; use {allowed}")


class BodyUnreadable(GatewayError):
    number = error_codes.GATEWAY_BODY

    def __init__(self, problem: str) -> None:
        super().__init__(f"ctyun-EOP: the request body {problem}")


class LocalError(Exception):
    """A refusal of `/_local/`: an HTTP status and a sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        self.status = status
        super().__init__(sentence)
