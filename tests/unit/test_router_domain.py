"""The decision, as a table and as a property."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.router.domain import Assigned, NeedsTriage, Question, Reading, decide, respondents
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
    close = (Reading("4.problem.2", 0.8), Reading("6.problem.2", 0.7))
    assert isinstance(decide(Question("地", "地"), MAPPING, close), NeedsTriage)
    assert isinstance(decide(Question("地", "地"), MAPPING), NeedsTriage)


def test_a_text_that_is_plain_is_assigned_by_it() -> None:
    found = decide(Question("地", "地"), MAPPING, (Reading("4.problem.2", 0.9), Reading("6.problem.2", 0.1)))
    assert isinstance(found, Assigned)
    assert found.matter == "4.problem.2"


NAMES = [name for agency in MAPPING.agencies.values() for name in (agency.name, *agency.aliases)]


@given(
    matter=st.sampled_from(sorted(MAPPING.matters)),
    name=st.one_of(st.none(), st.sampled_from(NAMES)),
    code=st.one_of(st.none(), st.sampled_from(sorted(MAPPING.agencies))),
    region=st.one_of(st.none(), st.sampled_from(sorted(MAPPING.regions))),
    text=st.sampled_from(["", "环评", "用地和消防", "系统打不开"]),
)
def test_no_decision_ever_names_the_respondent(
    matter: str, name: str | None, code: str | None, region: str | None, text: str
) -> None:
    question = Question("标题", text, region, matter, name, code)
    found = decide(question, MAPPING)
    if isinstance(found, Assigned):
        named = {found.lead, *found.co_agencies, *found.participants}
        avoided = respondents(question, MAPPING)
        assert not named & avoided or avoided >= {FALLBACK, LAST_RESORT}
