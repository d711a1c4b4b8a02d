"""The error tree says whose fault it is, and its problem documents are complete and free of personal data."""

import json

import pytest

from lianxi.casework import errors
from lianxi.casework.errors import (
    Broken,
    Conflict,
    Forbidden,
    GuardRefused,
    Invalid,
    LianxiError,
    NotBuiltYet,
    Refused,
    Retryable,
    Unknown,
)

ONE_OF_EACH = [
    Invalid("petitioner.id_number", "V-1", "身份证号码校验位不正确。"),
    Unknown("信访事项", "63010400020260302W00012"),
    Conflict("案件已被他人更新，请刷新后再办。", details={"seq": 7}),
    GuardRefused("T16", "within-five-working-days", "已超过五个工作日的异议期限。"),
    NotBuiltYet("T26"),
    Forbidden("只有单位负责人可以签发意见书。"),
    Retryable("上级节点暂时无法联系，请稍后重试。"),
    Broken("案件历史与状态不一致，已通知管理员。"),
]


@pytest.mark.parametrize("error", ONE_OF_EACH, ids=lambda error: type(error).__name__)
def test_every_error_becomes_a_complete_problem_document(error):
    problem = json.loads(json.dumps(error.as_problem(), ensure_ascii=False))

    assert problem["type"] == f"urn:lianxi:problem:{error.code}"
    assert problem["detail"] == error.message == str(error)
    assert problem["title"]
    assert problem["status"] == error.status
    assert {"code", "rule", "field"} <= problem.keys()


@pytest.mark.parametrize(
    ("error", "branch", "status", "code"),
    list(
        zip(
            ONE_OF_EACH,
            ["refused"] * 6 + ["retryable", "broken"],
            [422, 404, 409, 409, 409, 403, 503, 500],
            ["invalid", "unknown", "conflict", "guard-refused", "not-built-yet", "forbidden", "retryable", "broken"],
            strict=True,
        )
    ),
)
def test_each_class_has_its_branch_status_and_code(error, branch, status, code):
    assert (error.branch, error.status, error.code) == (branch, status, code)


def test_a_service_adds_its_own_error_under_a_branch():
    class ObjectionTooLate(Refused):
        """Filed after the fifth working day (Art. 23(3))."""

    class Renamed(Refused):
        """States its own code."""

        code = "known-elsewhere"

    assert ObjectionTooLate("异议期限已过。").as_problem()["code"] == "objection-too-late"
    assert Renamed("x").code == "known-elsewhere"
    assert Refused("x", code="given").code == "given"
    assert ObjectionTooLate("x").branch == "refused"


def test_a_guard_refusal_names_transition_and_guard():
    error = GuardRefused("T30", "once", "每件只能延期一次。", extensions=1)

    problem = error.as_problem()

    assert (problem["transition"], problem["guard"], problem["rule"], problem["extensions"]) == (
        "T30",
        "once",
        "once",
        1,
    )


def test_details_never_replace_the_standard_members():
    assert Conflict("真正的原因", details={"detail": "假的", "status": 200}).as_problem()["detail"] == "真正的原因"


def test_a_transition_that_is_not_built_is_refused_as_such():
    assert NotBuiltYet("T26").transition == "T26"
    assert "T26" in NotBuiltYet("T26").message


def test_the_drawing_in_the_module_shows_every_class():
    drawn = {name for name in vars(errors) if name in (errors.__doc__ or "")}

    assert {
        cls.__name__ for cls in vars(errors).values() if isinstance(cls, type) and issubclass(cls, LianxiError)
    } <= drawn
