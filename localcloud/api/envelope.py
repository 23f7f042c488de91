"""The one place that renders answers: the envelopes of the `/v4` family and of both families of RDS, and the gateway's."""

from __future__ import annotations

from enum import Enum, auto
from typing import Any
from uuid import uuid4

from localcloud.api.web import Response, as_json
from localcloud.records.errors import ApiError, EngineFailed, GatewayError, ParameterError, StillRestoring

SUCCEEDED, FAILED = 800, 900
RDS2_PARAMETER, RDS2_REFUSED, RDS2_FAILED = 2001, 3001, 5001  # as the official SDK's comments have them


class Family(Enum):
    """Which envelope a path's answers wear."""

    V4 = auto()
    RDS2 = auto()
    TELEDB = auto()


def family(path: str) -> Family:
    """family("/RDS2/v1/open-api/instance") -> Family.RDS2"""
    if path.startswith("/RDS2/"):
        return Family.RDS2
    return Family.TELEDB if path.startswith("/teledb-") else Family.V4


def success(result: Any, message: str = "success", of: Family = Family.V4) -> Response:
    """HTTP 200 with statusCode 800; RDS2: 0; teledb: 200, with the payload under `data`."""
    if of is Family.RDS2:
        return _json({"statusCode": 0, "message": message, "error": "", "returnObj": {} if result is None else result})
    if of is Family.TELEDB:
        return _json({"statusCode": 200, "message": message, "error": "", "returnObj": {"data": result}})
    return _json({
        "statusCode": SUCCEEDED, "errorCode": "SUCCESS", "error": "", "message": message, "description": "成功",
        "returnObj": {} if result is None else result,
    })  # fmt: skip


def in_progress(order: Any, code: str) -> Response:
    """HTTP 200 with statusCode 900 and the product's own code for an order that is still open: no refusal."""
    return _json({
        "statusCode": FAILED, "errorCode": code, "error": code, "message": "the order is in progress",
        "description": "订单处理中", "returnObj": order,
    })  # fmt: skip


def failure(error: ApiError, of: Family = Family.V4) -> Response:
    """HTTP 200 with statusCode 900 (RDS2: 2001, 3001, 5001) and the product's code; the gateway's refusals: HTTP 4xx.

    A failure has no returnObj: typed clients that expect a list there cannot decode an object, and lose the reason with it.
    """
    if isinstance(error, GatewayError):
        return _json({
            "statusCode": f"CTAPI_{error.number}", "error": error.number, "code": error.number, "eopErrCode": error.number,
            "message": str(error), "description": error.chinese, "requestId": str(uuid4()), "returnObj": {},
        }, error.status)  # fmt: skip
    if of is not Family.V4:
        status = _rds2_status(error) if of is Family.RDS2 else FAILED
        return _json({"statusCode": status, "error": error.code, "message": str(error), "returnObj": None})
    return _json({
        "statusCode": FAILED, "errorCode": error.code, "error": error.code, "message": str(error),
        "description": error.chinese, "returnObj": None,
    })  # fmt: skip


def _rds2_status(error: ApiError) -> int:
    if isinstance(error, ParameterError):
        return RDS2_PARAMETER
    return RDS2_FAILED if isinstance(error, EngineFailed | StillRestoring) else RDS2_REFUSED


def _json(body: dict[str, Any], status: int = 200) -> Response:
    return as_json(body, status, {"x-trace-id": uuid4().hex})
