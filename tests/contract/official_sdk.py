"""Calls of the official SDKs' newer generation, and what is held against every answer of theirs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from contract.typed_answers import mistyped
from ctyun_python_sdk_core import ClientConfig  # type: ignore[import-untyped]

from ctyun import CloudRecord

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


def config(record: CloudRecord) -> Any:
    """A client's own: each changes what it is given."""
    return ClientConfig(record.url, record.credentials.access_key, record.credentials.secret_key, True)


def ask(call: Callable[[Any], Any], request: Any) -> Any:
    """The answer's returnObj; the call must succeed, and every value must have its declared type."""
    answer = call(request)
    assert answer.statusCode == 800, answer
    assert mistyped(answer) == []
    return getattr(answer, "returnObj", None)  # some answers are declared without


def refused(call: Callable[[Any], Any], request: Any) -> str:
    """The error code of a call that must be refused."""
    answer = call(request)
    assert answer.statusCode == 900 and answer.message, answer
    assert mistyped(answer) == []
    return str(answer.errorCode)
