"""Which envelope is an answer, and which error a code becomes."""

from __future__ import annotations

from typing import Any

import pytest

from ctyun import errors
from ctyun.envelopes import Answer, read_envelope


def read(envelope: dict[str, Any], http_status: int = 200) -> Answer:
    return read_envelope(
        envelope, http_status=http_status, operation="create VPC", thing="demo", request_id="r-1", secrets=frozenset({"hush"})
    )


@pytest.mark.parametrize("status", [800, "800"])
def test_success_as_number_or_text(status: int | str) -> None:
    assert read({"statusCode": status, "returnObj": {"vpcID": "vpc-1"}}).body == {"vpcID": "vpc-1"}


@pytest.mark.parametrize("nothing", [None, "", [], True])
def test_an_answer_without_contents_is_empty(nothing: object) -> None:
    assert read({"statusCode": 800, "returnObj": nothing}).body == {}


@pytest.mark.parametrize(
    "code", ["Openapi.Order.Inprogress", "ebs.order.inProgress", "Ebs.Order.InProgress", "Sfs.Order.InProgress"]
)
@pytest.mark.parametrize("field", ["errorCode", "error"])
def test_an_order_in_progress_is_a_success(code: str, field: str) -> None:
    answer = read({"statusCode": 900, field: code, "message": "running", "returnObj": {"masterOrderID": "o-1"}})
    assert answer.in_progress
    assert answer.body == {"masterOrderID": "o-1"}


CODES = {
    "Openapi.Vpc.NotFound": errors.NotFound,
    "Ecs.Instance.NotFound": errors.NotFound,
    "ebs.ebsInfo.notExists": errors.NotFound,
    "ebs.ebsInfo.dataDamaged": errors.NotFound,
    "sfs.sfsInfo.resourceNotExists": errors.NotFound,
    "Image.ImageCheck.NotFound": errors.NotFound,
    "Openapi.Parameter.Error": errors.ParameterError,
    "Ecs.Instance.StatusNotStopped": errors.WrongState,
    "Ecs.Instance.StatusNotRunning": errors.WrongState,
    "Openapi.Common.403": errors.PermissionDenied,
    "CTIAM_1044": errors.PermissionDenied,
    "Openapi.Vpc.InUse": errors.InUse,
    "Openapi.Subnet.NameDuplicated": errors.Duplicate,
    "Openapi.Quota.Exceeded": errors.QuotaExceeded,
    "Openapi.ClientToken.Reused": errors.TokenReused,
    "Something.Never.Heard": errors.ApiError,
}


@pytest.mark.parametrize(("code", "family"), CODES.items(), ids=CODES.keys())
def test_codes_become_families(code: str, family: type[errors.ApiError]) -> None:
    with pytest.raises(errors.ApiError) as caught:
        read({"statusCode": 900, "errorCode": code, "message": "because"})
    assert type(caught.value) is family
    assert str(caught.value).startswith(f"Could not create VPC demo: {code}: because.")
    assert (caught.value.code, caught.value.thing, caught.value.request_id) == (code, "demo", "r-1")


@pytest.mark.parametrize(
    ("code", "http_status", "family"),
    [
        ("CTAPI_10009", 401, errors.BadSignature),
        ("CTAPI_10009", 200, errors.BadSignature),
        ("CTAPI_10002", 401, errors.UnknownKey),
        ("CTAPI_10005", 401, errors.AuthError),
        ("CTAPI_10004", 404, errors.ApiError),
        ("CTAPI_10050", 502, errors.ServiceFault),
    ],
)
def test_the_gateway_speaks_first(code: str, http_status: int, family: type[errors.ApiError]) -> None:
    gateway = {"statusCode": code, "error": code[6:], "message": "ctyun-EOP: no", "requestId": "g", "returnObj": {}}
    with pytest.raises(errors.ApiError) as caught:
        read(gateway, http_status)
    assert type(caught.value) is family
    assert caught.value.code == code


def test_a_success_code_under_a_failing_http_status_is_no_success() -> None:
    with pytest.raises(errors.ServiceFault):
        read({"statusCode": 800, "returnObj": {}}, 500)


def test_the_chinese_description_stands_in_for_a_missing_message() -> None:
    with pytest.raises(errors.NotFound, match="资源不存在"):
        read({"statusCode": 900, "error": "Openapi.Vpc.NotFound", "description": "资源不存在"})


def test_a_failure_without_any_reason_still_makes_a_sentence() -> None:
    with pytest.raises(errors.ApiError, match=r"Could not create VPC demo: 900\."):
        read({"statusCode": 900})
    with pytest.raises(errors.ApiError, match="gave no reason"):
        read({})


def test_secrets_that_the_cloud_repeats_are_hidden() -> None:
    with pytest.raises(errors.ParameterError) as caught:
        read({"statusCode": 900, "errorCode": "Openapi.Parameter.Error", "message": "password hush is too short"})
    assert "hush" not in str(caught.value)
    assert "password [secret] is too short" in str(caught.value)


def test_the_tree_in_the_docstring_names_every_class() -> None:
    declared = {name for name, value in vars(errors).items() if isinstance(value, type) and value.__module__ == errors.__name__}
    assert errors.__doc__ is not None
    drawn = {word for line in errors.__doc__.splitlines() for word in line.replace("│", " ").split() if word in declared}
    assert drawn == declared


@pytest.mark.parametrize(("status", "success"), [(0, "0"), (200, "200"), ("200", "200")])
def test_the_families_of_rds_have_their_own_success(status: int | str, success: str) -> None:
    envelope = {"statusCode": status, "returnObj": {"data": [1]}}
    answer = read_envelope(envelope, http_status=200, operation="list", thing="", request_id="r-1", success=success)
    assert answer.body == {"data": [1]}
    with pytest.raises(errors.ApiError):
        read(envelope)


def test_a_text_is_an_answer_too() -> None:
    assert read({"statusCode": 800, "returnObj": "MIIB"}).body == {"value": "MIIB"}


@pytest.mark.parametrize("message", ["outerProdInstId not exist", "MYSQL_10002: no", "accountName not exist"])
def test_rds_says_only_in_words_that_something_is_missing(message: str) -> None:
    with pytest.raises(errors.NotFound):
        read({"statusCode": 900, "error": "", "message": message})
