"""What earlier records say is read as people write it, and every contradiction is named with what would be right."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.router.desk import REFUSALS
from services.tracker.api.records import Record, read
from services.tracker.domain.history import FIELDS, REFUSAL_NAMES, Past, in_order, moment_in, number_of
from services.tracker.domain.history_faults import faults
from shared.clock import SHANGHAI
from shared.reference.identifiers import new_number, number_problem
from tests.integration.records import resolved, row

NOW = datetime(2022, 9, 19, 2, 0, tzinfo=UTC)
CASE = resolved("豫诉2022-1", "2022-03-01")
OWED = {"verified": "10", "repaid": "4", "under_agreement": "6", "stood_at": "2022-03-01"}


def past(**told: Any) -> Past:
    found = read({**CASE, **told})
    assert isinstance(found, Past), found
    return found


def wrong(**told: Any) -> dict[str, str]:
    """The faults of this record, by field."""
    case = {name: value for name, value in {**CASE, **told}.items() if value is not None}
    found = read(case)
    return {one.field: one.reason for one in (faults(found, NOW) if isinstance(found, Past) else found)}


def test_a_record_that_is_right_has_no_fault() -> None:
    assert wrong() == {}
    assert wrong(**OWED, rated_at="2022-03-02", grade="满意", solved="是") == {}
    assert (
        wrong(returned_by="hn-czt", returned_from="2022-03-01", returned_at="2022-03-01", return_code="SPLIT_NEEDED")
        == {}
    )


@pytest.mark.parametrize(
    ("told", "field", "says"),
    [
        ({"number": ""}, "number", "太短"),
        ({"number": None}, "number", "必填"),
        ({"title": "款"}, "title", "至少 2 个字"),
        ({"filed_at": None}, "filed_at", "必填"),
        ({"filed_at": "三月一日"}, "filed_at", "例如 2022-03-01"),
        ({"filed_at": "2022-02-30"}, "filed_at", "例如 2022-03-01"),
        ({"filed_at": "2003-12-31"}, "filed_at", "最早为 2004-01-01"),
        ({"filed_at": "2022-03-02"}, "assigned_at", "不能早于收到时间"),
        ({"rated_at": "2023-01-01", "grade": "5", "solved": "是"}, "rated_at", "不能晚于现在"),
        ({"region": "洛阳"}, "region", "没有这个地区：洛阳"),
        ({"region": "999999"}, "region", "行政区划代码"),
        ({"matter": "99.problem.1"}, "matter", "没有这个事项"),
        ({"class": "重大"}, "class", "拖欠账款"),
        ({"lead_agency": "某局"}, "lead_agency", "没有这个单位：某局"),
        ({"lead_agency": None}, "lead_agency", "牵头单位必填"),
        ({"assigned_at": None}, "assigned_at", "派单时间必填"),
        ({"co_agencies": "hn-czt、某局"}, "co_agencies.1", "没有这个单位：某局"),
        ({"accepted_at": None}, "accepted_at", "签收时间必填"),
        ({"replied_at": None}, "replied_at", "填办结时间"),
        ({"met": None}, "met", "诉求是否满足必填"),
        ({"met": "大概"}, "met", "应为 是 或 否"),
        ({"resolved_at": "2022-02-28"}, "resolved_at", "不能早于首次答复时间（replied_at 2022-03-01）"),
        ({"grade": "5"}, "rated_at", "评价时间必填"),
        ({"grade": "很好", "rated_at": "2022-03-02", "solved": "是"}, "grade", "非常满意"),
        ({"rated_at": "2022-03-02", "grade": "6", "solved": "是"}, "grade", "1 至 5"),
        ({"rated_at": "2022-03-02", "grade": "5"}, "solved", "是否解决必填"),
        ({"claimed": "很多"}, "claimed", "金额"),
        ({"claimed": "-1"}, "claimed", "不小于 0"),
        ({"claimed": "1.005"}, "claimed", "2 位小数"),
        ({"claimed": "1", "class": "一般"}, "claimed", "拖欠账款类"),
        ({**OWED, "verified": "9"}, "verified", "小于已归还与达成协议之和"),
        ({"repaid": "9"}, "verified", "认定金额必填"),
        ({"verified": "9"}, "stood_at", "金额截至时间必填"),
        ({"extended_at": "2022-03-01"}, "extension_days", "延期工作日必填"),
        ({"extended_at": "2022-03-01", "extension_days": "0"}, "extension_days", "不小于 1"),
        ({"suspended_at": "2022-03-01"}, "resumed_at", "中止须在此前结束"),
        ({"resumed_at": "2022-03-01"}, "suspended_at", "中止时间必填"),
        ({"withdrawn_at": "2022-03-01"}, "withdrawn_at", "一种方式结束"),
        ({"refused_at": "2022-03-01", "resolved_at": None}, "refusal_code", "不予受理代码必填"),
        ({"refusal_code": "BORING", "refused_at": "2022-03-01", "resolved_at": None}, "refusal_code", "CIVIL_DISPUTE"),
        ({"returned_by": "hn-czt"}, "returned_at", "退回时间必填"),
        (
            {
                "returned_by": "hn-gxt",
                "returned_from": "2022-03-01",
                "returned_at": "2022-03-01",
                "return_code": "SPLIT_NEEDED",
            },
            "lead_agency",
            "不能是退回的单位",
        ),
        ({"colour": "red"}, "colour", "没有这个字段"),
    ],
    ids=lambda value: None if isinstance(value, str) else str(value),
)
def test_a_fault_names_its_field_and_what_would_be_right(told: dict[str, Any], field: str, says: str) -> None:
    assert says in wrong(**told).get(field, f"no fault of {field} in {wrong(**told)}")


def test_all_faults_of_a_record_are_told_at_once() -> None:
    assert wrong(accepted_at=None, grade="5", withdrawn_at="2022-03-01").keys() == {
        *("accepted_at", "rated_at", "withdrawn_at"),
    }
    assert len(wrong(region="洛阳", met="大概", lead_agency="某局")) == 3


@pytest.mark.parametrize(
    "text",
    ["2022-03-01 09:30", "2022/3/1 9:30", "2022年3月1日 9:30:00", "2022-03-01T09:30:00+08:00", "2022-03-01T01:30:00Z"],
)
def test_a_moment_is_read_as_people_write_it(text: str) -> None:
    assert moment_in(text) == datetime(2022, 3, 1, 9, 30, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    "text", ["", "2022", "2022-13-01", "20220301", "2022-03-01 25:00", "01.03.2022", "-", "2022-03-01 x"]
)
def test_anything_else_is_no_moment(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        moment_in(text)


def test_a_day_without_an_hour_is_not_before_an_earlier_step_of_that_day() -> None:
    told = past(filed_at="2022-03-01 09:30", assigned_at="2022-03-01", accepted_at="2022-03-01 11:00")
    assert told.assigned_at == told.filed_at
    assert told.replied_at == told.resolved_at == datetime(2022, 3, 1, 11, 0, tzinfo=SHANGHAI)
    assert in_order(told) == told


def test_agencies_regions_and_classes_go_by_code_or_by_name() -> None:
    named = past(
        lead_agency="河南省工业和信息化厅", co_agencies="省财政厅、hn-zrzy", region="洛阳市", **{"class": "外商投资"}
    )
    assert (named.lead_agency, named.co_agencies, named.region) == ("hn-gxt", ("hn-czt", "hn-zrzy"), "410300")
    assert named.case_class == "foreign_invested"


def test_a_case_with_a_sum_is_one_of_arrears_unless_it_says_otherwise() -> None:
    assert past(claimed="1,260,000元").case_class == "arrears"
    assert past().case_class == "general"


def test_a_number_of_ours_is_kept_and_another_gets_one_that_is_always_the_same() -> None:
    ours = new_number(date(2022, 3, 1), "483920175")
    assert number_of(past(number=ours), "a") == ours
    made = number_of(past(), "a")
    assert made == number_of(past(title="另一个标题"), "a")
    assert made.startswith("220301")
    assert number_problem(made) is None
    assert (
        len({made, number_of(past(), "b"), number_of(past(number="豫诉2022-2"), "a"), number_of(past(), "a", 1)}) == 4
    )


def test_a_digest_is_that_of_the_record_and_not_of_how_it_was_written() -> None:
    assert past(claimed="1260000", region="郑州市").digest == past(claimed="1,260,000.00", region="410100").digest
    assert past().digest != past(reply="已办").digest
    assert past().digest == replace(past(), filed_at=past().filed_at.astimezone(UTC)).digest


def test_every_field_has_its_name_and_the_words_are_those_of_the_desk() -> None:
    assert list(FIELDS) == [field.alias or name for name, field in Record.model_fields.items()]
    assert dict(REFUSALS) == REFUSAL_NAMES
    assert row("1", "2022-03-01").keys() <= FIELDS.keys()
