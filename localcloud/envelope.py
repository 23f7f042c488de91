"""The one place that renders answers: the `/v4` family's envelope, and the gateway's."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

from starlette.responses import Response

from localcloud.core.errors import ApiError, GatewayError

SUCCEEDED, FAILED = 800, 900


def success(result: Any, message: str = "success") -> Response:
    """HTTP 200 with statusCode 800."""
    return _json({
        "statusCode": SUCCEEDED, "errorCode": "SUCCESS", "error": "", "message": message, "description": "成功",
        "returnObj": {} if result is None else result,
    })  # fmt: skip


def failure(error: ApiError) -> Response:
    """HTTP 200 with statusCode 900 and the product's code; the gateway's own refusals: HTTP 4xx with "CTAPI_100xx"."""
    if isinstance(error, GatewayError):
        return _json({
            "statusCode": f"CTAPI_{error.number}", "error": error.number, "code": error.number, "eopErrCode": error.number,
            "message": str(error), "description": error.chinese, "requestId": str(uuid4()), "returnObj": {},
        }, error.status)  # fmt: skip
    return _json({
        "statusCode": FAILED, "errorCode": error.code, "error": error.code, "message": str(error),
        "description": error.chinese, "returnObj": {},
    })  # fmt: skip


def _json(body: dict[str, Any], status: int = 200) -> Response:
    content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(content, status, media_type="application/json", headers={"x-trace-id": uuid4().hex})
