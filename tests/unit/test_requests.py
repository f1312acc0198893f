"""Whatever is wrong with a complaint, the refusal says in Chinese what would be right."""

from typing import Any

import pytest
from pydantic import ValidationError

from services.intake.requests import NewComplaint
from shared.web.problems import UNEXPLAINED, field_errors
from tests.samples import complaint

WRONG: list[Any] = [None, "", "短", 7, 7.5, True, [], {}, {"x": 1}, "字" * 20_000, "\x00", "a\nb", "NaN", "1e9", "-1"]
PLACES = ["enterprise", "contact", "region", "title", "description", "matter", "respondent", "amount", "confidential"]
INSIDE = {"enterprise": ["name", "uscc"], "contact": ["name", "phone", "email"], "respondent": ["name", "agency"]}


def faults_of(body: Any) -> dict[str, str]:
    try:
        NewComplaint.model_validate(body)
    except ValidationError as error:
        return {fault.field: fault.reason for fault in field_errors(error.errors())}
    return {}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("wrong", WRONG, ids=repr)
def test_no_refusal_of_a_field_stays_unexplained(place: str, wrong: Any) -> None:
    faults = faults_of({**complaint(), place: wrong})
    assert UNEXPLAINED not in faults.values()
    assert all(field.split(".")[0] == place for field in faults)


@pytest.mark.parametrize(("outer", "inner"), [(outer, inner) for outer, some in INSIDE.items() for inner in some])
@pytest.mark.parametrize("wrong", WRONG, ids=repr)
def test_no_refusal_of_a_nested_field_stays_unexplained(outer: str, inner: str, wrong: Any) -> None:
    body = complaint(respondent={"name": "某某县住房和城乡建设局"})
    faults = faults_of({**body, outer: {**body[outer], inner: wrong}})
    assert UNEXPLAINED not in faults.values()
    assert set(faults) <= {f"{outer}.{inner}"}


@pytest.mark.parametrize(
    ("field", "wrong", "reason"),
    [
        ("title", "短", "太短，至少 4 个字"),
        ("title", "长" * 101, "太长，至多 100 个字"),
        ("description", "太少", "太短，至少 10 个字"),
        ("amount", "-1", "应大于 0"),
        ("amount", "1.234", "至多 2 位小数"),
        ("region", "110101", "应为河南省的行政区划代码，例如 410102（郑州市中原区）"),
    ],
)
def test_the_reason_says_what_would_be_right(field: str, wrong: str, reason: str) -> None:
    assert faults_of({**complaint(), field: wrong}) == {field: reason}
