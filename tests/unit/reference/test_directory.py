"""Agencies are found by whatever they are called, and every division of Henan has its office."""

from collections import Counter
from datetime import date

import pytest

from shared.reference import FALLBACK, LAST_RESORT, Mapping, current

#: County-level divisions of Henan at the end of 2022: 54 districts, 21 cities, 82 counties. 济源 is one of
#: the 21 cities and at the same time the 18th city of the report, so the table has it at the city level.
DISTRICTS, COUNTY_CITIES, COUNTIES = 54, 21, 82
JIYUAN = "419001"


@pytest.fixture(scope="module")
def mapping() -> Mapping:
    return current()


def test_there_are_17_cities_and_jiyuan(mapping: Mapping) -> None:
    cities = [region for region in mapping.regions.values() if region.level == "city"]
    assert (len(cities), cities[-1].code) == (18, JIYUAN)


def test_there_are_157_county_level_divisions_with_jiyuan(mapping: Mapping) -> None:
    names = [region.name for region in mapping.regions.values() if region.level == "county"]
    kinds = Counter(name[-1] for name in names)
    assert kinds == {"区": DISTRICTS, "市": COUNTY_CITIES - 1, "县": COUNTIES}
    assert len(names) + 1 == 157


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("410102", "中原区"),
        ("410212", "祥符区"),
        ("410307", "偃师区"),
        ("410308", "孟津区"),
        ("411003", "建安区"),
        ("411203", "陕州区"),
        ("411603", "淮阳区"),
    ],
)
def test_divisions_made_into_districts_have_their_new_codes(code: str, name: str, mapping: Mapping) -> None:
    assert (mapping.regions[code].name, mapping.regions[code].level) == (name, "county")


@pytest.mark.parametrize("code", ["410306", "410322", "410381", "411023", "411222", "411626", "410224"])
def test_divisions_that_were_dissolved_are_gone(code: str, mapping: Mapping) -> None:
    assert code not in mapping.regions


def test_a_county_lies_in_the_city_its_code_begins_with(mapping: Mapping) -> None:
    counties = [region for region in mapping.regions.values() if region.level in ("county", "zone")]
    assert [region.code for region in counties if region.parent != region.code[:4] + "00"] == []


def test_the_airport_economy_zone_is_a_zone_of_zhengzhou(mapping: Mapping) -> None:
    city = mapping.city_of("410173")
    assert (mapping.regions["410173"].level, city and city.name) == ("zone", "郑州市")


@pytest.mark.parametrize(
    ("region", "office"),
    [
        ("410102", "410100-yshj"),
        ("410100", "410100-yshj"),
        ("410173", "410100-yshj"),
        ("411681", "411600-yshj"),
        (JIYUAN, "419001-yshj"),
        ("410000", FALLBACK),
        (None, FALLBACK),
        ("110101", FALLBACK),
    ],
)
def test_a_division_has_the_office_of_its_city(region: str | None, office: str, mapping: Mapping) -> None:
    assert mapping.office_of(region).code == office


def test_every_one_of_the_18_offices_lies_in_its_city(mapping: Mapping) -> None:
    offices = {a.code: a.region for a in mapping.agencies.values() if a.level == "city"}
    assert len(offices) == 18
    assert [code for code, region in offices.items() if mapping.office_of(region).code != code] == []


def test_the_province_has_no_city(mapping: Mapping) -> None:
    assert mapping.city_of("410000") is None


def test_a_division_outside_henan_is_an_error(mapping: Mapping) -> None:
    with pytest.raises(KeyError, match="110101"):
        mapping.city_of("110101")


def test_there_are_32_provincial_agencies_that_the_report_names(mapping: Mapping) -> None:
    assert sum(agency.level == "province" for agency in mapping.agencies.values()) == 32


def test_fallback_and_last_resort_are_whom_the_rules_say(mapping: Mapping) -> None:
    assert [mapping.agency(code).name for code in (FALLBACK, LAST_RESORT)] == ["省发展改革委", "省政府办公厅"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("河南银保监局", "省银保监局"),
        ("人行郑州中心支行", "人民银行郑州中心支行"),
        ("省生态环境厅", "省生态环保厅"),
        ("省应急管理厅", "省应急厅"),
        ("省卫生健康委", "省卫健委"),
        ("省住房城乡建设厅", "省住建厅"),
        ("省大数据局", "省行政审批政务信息管理局"),
        ("省发展改革委", "河南省发展和改革委员会"),
        ("省财政厅", " 河南省 财政厅 "),
        ("省工商联", "河南省工商业联合会"),
        ("省法院", "河南省高级人民法院"),
        ("省税务局", "国家税务总局河南省税务局"),
        ("河南银保监局", "国家金融监督管理总局河南监管局"),
        ("郑州市优化营商环境办公室", "410100-yshj"),
    ],
)
def test_two_names_of_one_agency_find_it(one: str, other: str, mapping: Mapping) -> None:
    found = mapping.find_agency(one)
    assert found is not None
    assert mapping.find_agency(other) == found


@pytest.mark.parametrize("name", ["", "郑州市财政局", "某某镇人民政府", "财政", "省"])
def test_a_name_that_is_no_agency_of_the_directory_finds_none(name: str, mapping: Mapping) -> None:
    assert mapping.find_agency(name) is None


def test_an_agency_is_found_by_each_of_its_names(mapping: Mapping) -> None:
    named = {(name, agency.code) for agency in mapping.agencies.values() for name in agency.names}
    found = {(name, agency.code) for name, _ in named if (agency := mapping.find_agency(name))}
    assert found == named


def test_the_agencies_renamed_in_2023_have_successors(mapping: Mapping) -> None:
    renamed = {agency.name for agency in mapping.agencies.values() if agency.successors}
    assert renamed == {"河南银保监局", "人行郑州中心支行", "省地方金融监管局", "省大数据局"}


def test_a_successor_begins_after_the_report(mapping: Mapping) -> None:
    days = [heir.since for agency in mapping.agencies.values() for heir in agency.successors if heir.since]
    assert sorted(days) == [date(2023, 7, 20), date(2023, 8, 18)]
    assert min(days) > mapping.effective_from
