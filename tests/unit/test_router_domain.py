"""The decision, as a table and as a property."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.router.domain import (
    Assigned,
    NeedsTriage,
    Question,
    Read,
    Reading,
    Thresholds,
    assign_to,
    decide,
    fallback,
    key_supervision,
    respondents,
)
from shared.reference import FALLBACK, LAST_RESORT, current

MAPPING = current()


def decided(**question: object) -> Assigned:
    found = decide(Question(title="标题", text="", **question), MAPPING)  # type: ignore[arg-type]
    assert isinstance(found, Assigned)
    return found


def test_one_leads_and_the_rest_have_no_part() -> None:
    found = decided(matter="4.problem.2", region="410102")
    assert (found.lead, found.co_agencies, found.participants) == ("hn-zrzy", (), ())


def test_several_named_lead_in_the_order_named() -> None:
    found = decided(matter="6.problem.4")
    assert (found.lead, found.co_agencies) == ("hn-gxt", ("hn-czt",))


def test_participants_are_kept_apart_from_co_agencies() -> None:
    found = decided(matter="13.problem.1")
    assert (found.lead, found.co_agencies, found.participants) == ("hn-sft", (), ("hn-wjw", "hn-sthj", "hn-yjt"))


def test_where_nobody_leads_the_citys_office_handles_it() -> None:
    assert decided(matter="7.problem.1", region="410305").lead == "410300-yshj"
    assert decided(matter="7.problem.1", region="419001").lead == "419001-yshj"


def test_where_nobody_leads_and_no_region_is_known_the_province_handles_it() -> None:
    assert decided(matter="7.problem.1").lead == FALLBACK


def test_the_six_agencies_answer_each_for_its_own_field() -> None:
    found = decide(Question("环评批不下来", "厂房环评材料退了三次", matter="9.problem.3"), MAPPING)
    assert isinstance(found, Assigned)
    assert found.lead == "hn-sthj"


def test_the_six_agencies_without_a_field_in_the_text_are_a_persons_decision() -> None:
    found = decide(Question("手续太慢", "跑了很多次", matter="9.problem.3"), MAPPING)
    assert isinstance(found, NeedsTriage)


def test_a_matter_read_in_a_text_that_names_no_field_is_shown_as_surely_as_it_was_read() -> None:
    read = Read((Reading("9.problem.3", 0.6),), out_of_scope=0.01, sure=0.5)
    found = decide(Question("手续太慢", "跑了很多次"), MAPPING, read)
    assert isinstance(found, NeedsTriage)
    assert (found.candidates, found.out_of_scope) == ((Reading("9.problem.3", 0.6),), 0.01)


def test_the_respondent_gives_way_to_the_next_named() -> None:
    found = decided(matter="6.problem.4", respondent="河南省工业和信息化厅")
    assert (found.lead, found.co_agencies) == ("hn-czt", ())
    assert "回避" in found.reasons[-1]


def test_a_sole_lead_that_is_the_respondent_gives_way_to_the_fallback_and_that_to_the_last_resort() -> None:
    assert decided(matter="4.problem.2", respondent_agency="hn-zrzy").lead == FALLBACK
    assert decided(matter="17.problem.3", respondent="省发改委").lead == LAST_RESORT


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ({"matter": "6.problem.3"}, "arrears"),
        ({"matter": "4.problem.2"}, "general"),
        ({"matter": "6.problem.3", "foreign_invested": True}, "foreign_invested"),
    ],
)
def test_the_class_of_the_case_follows_enterprise_then_matter(question: dict[str, object], expected: str) -> None:
    assert decided(**question).case_class == expected


def test_a_text_that_says_nothing_plain_is_held() -> None:
    close = Read((Reading("4.problem.2", 0.5), Reading("6.problem.3", 0.45)), sure=0.8)
    assert isinstance(decide(Question("地", "地"), MAPPING, close), NeedsTriage)
    assert isinstance(decide(Question("地", "地"), MAPPING), NeedsTriage)


def test_a_text_that_is_plain_is_assigned_by_it() -> None:
    found = decide(
        Question("地", "地"), MAPPING, Read((Reading("4.problem.2", 0.9), Reading("6.problem.2", 0.1)), sure=0.8)
    )
    assert isinstance(found, Assigned)
    assert found.matter == "4.problem.2"


def test_several_readings_that_come_to_the_same_agency_make_it_sure() -> None:
    found = decide(
        Question("贷", "贷"), MAPPING, Read((Reading("3.problem.1", 0.5), Reading("3.opinion.1", 0.4)), sure=0.8)
    )
    assert isinstance(found, Assigned)
    assert (found.matter, found.lead) == ("3.problem.1", "hn-jrj")


def test_a_text_that_is_rather_none_of_ours_waits_for_a_person_whatever_else_it_resembles() -> None:
    found = decide(Question("工资", "工资"), MAPPING, Read((Reading("6.problem.3", 0.4),), out_of_scope=0.6, sure=0.3))
    assert isinstance(found, NeedsTriage)
    assert "不属于受理范围" in found.reasons[0]


def test_a_text_that_may_be_none_of_ours_is_not_assigned_however_well_its_matter_is_told() -> None:
    read = Read((Reading("4.problem.2", 0.8),), out_of_scope=0.2, sure=0.8, doubt=0.1)
    assert isinstance(decide(Question("地", "地"), MAPPING, read), NeedsTriage)
    assert isinstance(decide(Question("地", "地"), MAPPING, replace(read, doubt=0.2)), Assigned)


def test_a_chosen_matter_that_the_text_plainly_contradicts_is_held_with_both_readings() -> None:
    said = Read((Reading("4.problem.2", 0.98), Reading("6.problem.2", 0.01)), sure=0.8)
    found = decide(Question("地", "地", matter="6.problem.3"), MAPPING, said)
    assert isinstance(found, NeedsTriage)
    assert [reading.ref for reading in found.candidates] == ["6.problem.3", "4.problem.2"]
    assert "文字" in found.reasons[1]


def test_a_chosen_matter_stands_against_a_text_that_only_leans_elsewhere() -> None:
    for said in (
        Read((Reading("4.problem.2", 0.9),), sure=0.8),
        Read((Reading("4.problem.2", 0.97), Reading("6.problem.3", 0.02)), sure=0.8),
        Read(out_of_scope=0.99),
    ):
        found = decide(Question("地", "地", matter="6.problem.3"), MAPPING, said)
        assert isinstance(found, Assigned)
        assert found.matter == "6.problem.3"


def test_a_sum_claimed_from_a_public_body_goes_the_way_of_arrears_though_the_text_is_not_sure() -> None:
    unsure = Read((Reading("1.problem.1", 0.4), Reading("6.problem.4", 0.35)), sure=0.8)
    owed = Question("钱", "钱", respondent="某县水利局", amount=Decimal(50000))
    found = decide(owed, MAPPING, unsure)
    assert isinstance(found, Assigned)
    assert (found.lead, found.case_class) == ("hn-gxt", "arrears")
    assert isinstance(decide(replace(owed, respondent="某贸易有限公司"), MAPPING, unsure), NeedsTriage)
    assert isinstance(decide(owed, MAPPING, replace(unsure, out_of_scope=0.3)), NeedsTriage)


def test_a_foreign_invested_enterprise_has_its_own_channel_when_the_text_is_not_sure() -> None:
    unsure = Read((Reading("1.problem.1", 0.4),), sure=0.8)
    found = decide(Question("问", "问", foreign_invested=True), MAPPING, unsure)
    assert isinstance(found, Assigned)
    assert (found.lead, found.co_agencies) == ("hn-fgw", ("hn-swt", "hn-gsl"))
    assert found.case_class == "foreign_invested"


LIMITS = Thresholds(amount=Decimal(5_000_000), years=2, times=3)


@pytest.mark.parametrize(
    ("text", "amount", "times", "expected"),
    [
        ("修路款一直没付", None, 1, ()),
        ("修路款", Decimal(5_000_000), 1, ("large_amount",)),
        ("工程款拖了三年", None, 1, ("long_overdue",)),
        ("2022年验收后一直没有付款，欠到现在", None, 1, ("long_overdue",)),
        ("欠款拖了1年", None, 1, ()),
        ("修路款", None, 3, ("repeated",)),
    ],
)
def test_what_is_to_be_watched(text: str, amount: Decimal | None, times: int, expected: tuple[str, ...]) -> None:
    assert key_supervision(Question("款", text, amount=amount), True, times, date(2026, 3, 10), LIMITS) == expected


NAMES = [name for agency in MAPPING.agencies.values() for name in agency.names]
CODES = sorted({*MAPPING.agencies, *(s.code for agency in MAPPING.agencies.values() for s in agency.successors)})
CHANCES = st.floats(0, 1)
READINGS = st.lists(
    st.builds(Reading, st.sampled_from([*sorted(MAPPING.matters), "99.problem.1"]), CHANCES), max_size=6
)
QUESTIONS = st.builds(
    Question,
    title=st.text(max_size=20),
    text=st.one_of(st.text(max_size=60), st.sampled_from(["环评", "用地和消防", "系统打不开"])),
    region=st.one_of(st.none(), st.sampled_from(sorted(MAPPING.regions))),
    matter=st.one_of(st.none(), st.just("99.problem.1"), st.sampled_from(sorted(MAPPING.matters))),
    respondent=st.one_of(st.none(), st.text(max_size=10), st.sampled_from(NAMES)),
    respondent_agency=st.one_of(st.none(), st.sampled_from(CODES)),
    amount=st.one_of(st.none(), st.decimals(0, 10**9, places=2)),
    foreign_invested=st.booleans(),
)
READS = st.builds(Read, st.builds(tuple, READINGS), CHANCES, CHANCES)


@settings(max_examples=400)
@given(question=QUESTIONS, read=READS)
def test_no_decision_ever_names_the_respondent(question: Question, read: Read) -> None:
    found = decide(question, MAPPING, read)
    if isinstance(found, Assigned):
        named = {found.lead, *found.co_agencies, *found.participants}
        assert not named & respondents(question, MAPPING)
        assert named <= set(MAPPING.agencies)


@given(question=QUESTIONS, agency=st.sampled_from(sorted(MAPPING.agencies)), returned=st.sets(st.sampled_from(CODES)))
def test_neither_a_dispatcher_nor_the_fallback_names_the_respondent(
    question: Question, agency: str, returned: set[str]
) -> None:
    avoided = respondents(question, MAPPING)
    chosen = assign_to(question, agency, MAPPING, "指定")
    assert (chosen is None) == (agency in avoided)
    assert fallback(avoided, frozenset(returned)) not in avoided


def test_a_respondent_under_its_name_after_the_reform_of_2023_is_avoided_too() -> None:
    for given_ in ({"respondent": "国家金融监督管理总局河南监管局"}, {"respondent_agency": "nfra-hn"}):
        found = decided(matter="5.problem.1", **given_)
        assert "cbirc-hn" not in (found.lead, *found.co_agencies)
