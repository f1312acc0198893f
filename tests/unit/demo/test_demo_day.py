"""The demonstration day covers the whole report and province, and the door would take every line of it."""

import json
from collections import Counter
from importlib.resources import files
from typing import Any

import pytest

from shared.reference import Mapping, load_mapping
from shared.reference.identifiers import phone_problem, uscc_problem
from shared.reference.load import NEWEST

Complaints = list[dict[str, Any]]


@pytest.fixture(scope="module")
def complaints() -> Complaints:
    text = files("services.yousu.demo").joinpath("complaints.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture(scope="module")
def mapping() -> Mapping:
    return load_mapping(NEWEST)


def _matters(complaints: Complaints) -> set[str]:
    return {complaint["matter"] for complaint in complaints if "matter" in complaint}


def _repeated(values: list[str]) -> list[str]:
    return [value for value, times in Counter(values).items() if times > 1]


def test_a_day_has_at_least_two_hundred_complaints(complaints: Complaints) -> None:
    assert len(complaints) >= 200


def test_every_matter_named_is_in_the_report(complaints: Complaints, mapping: Mapping) -> None:
    assert _matters(complaints) - mapping.matters.keys() == set()


def test_all_five_sections_are_complained_about(complaints: Complaints, mapping: Mapping) -> None:
    assert {mapping.matter(ref).section for ref in _matters(complaints)} == {1, 2, 3, 4, 5}


def test_every_problem_of_the_report_is_complained_about(complaints: Complaints, mapping: Mapping) -> None:
    problems = {matter.ref for matter in mapping.matters.values() if matter.column == "problem"}
    assert problems - _matters(complaints) == set()


def test_some_complaints_name_no_matter_so_that_the_router_has_to_read(complaints: Complaints) -> None:
    unnamed = sum("matter" not in complaint for complaint in complaints)
    assert 0.2 <= unnamed / len(complaints) <= 0.4


def test_every_region_is_a_division_of_henan(complaints: Complaints, mapping: Mapping) -> None:
    assert {complaint["region"] for complaint in complaints} - mapping.regions.keys() == set()


def test_all_eighteen_cities_complain(complaints: Complaints, mapping: Mapping) -> None:
    cities = {region.code for region in mapping.regions.values() if region.level == "city"}
    found = {city.code for complaint in complaints if (city := mapping.city_of(complaint["region"]))}
    assert len(cities) == 18
    assert found == cities


def test_no_two_complaints_share_a_title_or_a_description(complaints: Complaints) -> None:
    assert _repeated([complaint["title"] for complaint in complaints]) == []
    assert _repeated([complaint["description"] for complaint in complaints]) == []


def test_every_credit_code_is_valid(complaints: Complaints) -> None:
    codes = {complaint["enterprise"]["uscc"] for complaint in complaints}
    assert {code: problem for code in codes if (problem := uscc_problem(code))} == {}


def test_a_credit_code_belongs_to_one_enterprise_only(complaints: Complaints) -> None:
    pairs = {(complaint["enterprise"]["uscc"], complaint["enterprise"]["name"]) for complaint in complaints}
    assert _repeated([code for code, _ in pairs]) == []
    assert _repeated([name for _, name in pairs]) == []


def test_every_phone_is_valid(complaints: Complaints) -> None:
    phones = {complaint["contact"]["phone"] for complaint in complaints}
    assert {phone: problem for phone in phones if (problem := phone_problem(phone))} == {}


def test_every_agency_complained_about_is_in_the_directory(complaints: Complaints, mapping: Mapping) -> None:
    named = {complaint["respondent"].get("agency") for complaint in complaints if "respondent" in complaint}
    assert named - {None} - mapping.agencies.keys() == set()
