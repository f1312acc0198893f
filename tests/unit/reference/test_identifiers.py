"""Codes, phones and complaint numbers: what is right passes, what is wrong is told with what would be right."""

import string
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import uscc as oracle

from shared.reference.identifiers import (
    USCC_ALPHABET,
    new_number,
    normalise_number,
    normalise_phone,
    number_problem,
    phone_problem,
    readable_number,
    uscc_check_character,
    uscc_problem,
)

#: The oracle takes digits only in the first eight places; the standard has letters in the first two as well.
BODIES = st.builds(
    "".join,
    st.tuples(st.text("0123456789", min_size=8, max_size=8), st.text(USCC_ALPHABET, min_size=9, max_size=9)),
)
LETTERED = st.builds(
    "".join,
    st.tuples(
        st.text(USCC_ALPHABET, min_size=2, max_size=2),
        st.text("0123456789", min_size=6, max_size=6),
        st.text(USCC_ALPHABET, min_size=9, max_size=9),
    ),
)
DAYS = st.dates(date(2022, 1, 1), date(2060, 12, 31))
NINE_DIGITS = st.text("0123456789", min_size=9, max_size=9)


@given(BODIES, st.sampled_from(USCC_ALPHABET))
def test_a_code_is_right_exactly_when_the_oracle_says_so(body: str, last: str) -> None:
    assert (uscc_problem(body + last) is None) == oracle.is_valid(body + last)


@given(BODIES)
def test_the_check_character_is_the_oracles(body: str) -> None:
    assert uscc_check_character(body) == oracle.calc_check_digit(body)


@given(LETTERED)
def test_letters_in_the_first_two_places_are_right(body: str) -> None:
    assert uscc_problem(body + uscc_check_character(body)) is None


@given(LETTERED, st.integers(0, 17), st.sampled_from(USCC_ALPHABET))
def test_one_wrong_character_is_always_noticed(body: str, place: int, wrong: str) -> None:
    code = body + uscc_check_character(body)
    spoilt = code[:place] + wrong + code[place + 1 :]
    assert (uscc_problem(spoilt) is None) == (spoilt == code)


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("", "应为 18 位，现为 0 位"),
        ("91410100MA44", "应为 18 位，现为 12 位"),
        ("9141010OMA44AAAAAA", "第 8 位不能是 O，应为数字或除 I、O、S、V、Z 外的大写字母"),
        ("91410100ma44aaaaaa", "第 9 位不能是 m"),
        ("914101００MA44AAAAAA", "第 7 位不能是 ０"),
        ("9141A100MA44AAAAAA", "第 3 至 8 位应为登记机关的 6 位区划代码，只有数字，现为 41A100"),
    ],
)
def test_a_wrong_code_is_told_what_would_be_right(code: str, problem: str) -> None:
    assert problem in (uscc_problem(code) or "")


@given(BODIES, st.sampled_from(USCC_ALPHABET))
def test_a_wrong_check_character_is_told_the_right_one(body: str, last: str) -> None:
    right = uscc_check_character(body)
    problem = uscc_problem(body + last)
    assert problem is None if last == right else f"第 18 位应为 {right}，现为 {last}" in (problem or "")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("13800138000", "+8613800138000"),
        (" 138-0013-8000 ", "+8613800138000"),
        ("１３８００１３８０００", "+8613800138000"),
        ("+86 138 0013 8000", "+8613800138000"),
        ("0371-65501234", "+8637165501234"),
        ("（0371）65501234", "+8637165501234"),
        ("0371-65501234转8012", "+8637165501234;ext=8012"),
        ("0371-65501234 分机 8012", "+8637165501234;ext=8012"),
        ("0371—65501234—8012", "+8637165501234;ext=8012"),
        ("0371-65501234 ext. 12", "+8637165501234;ext=12"),
        ("400-123-4567", "+864001234567"),
        ("+852 2123 4567", "+85221234567"),
    ],
)
def test_a_phone_number_is_kept_in_one_form(text: str, kept: str) -> None:
    assert phone_problem(text) is None
    assert normalise_phone(text) == kept
    assert normalise_phone(kept) == kept


@pytest.mark.parametrize(
    "text",
    ["", "转8012", "12345", "65501234", "1380013800", "138001380000", "13800138OOO", "请打13800138000", "23800138000"],
)
def test_what_is_no_phone_number_is_refused_with_an_example(text: str) -> None:
    assert "例如 13800138000、0371-65501234" in (phone_problem(text) or "")
    with pytest.raises(ValueError, match="电话号码不对"):
        normalise_phone(text)


def test_a_complaint_number_begins_with_its_day_and_reads_in_groups() -> None:
    assert readable_number(new_number(date(2026, 11, 24), "483920175")) == "261124-483-920-1754"


@given(DAYS, NINE_DIGITS)
def test_a_new_number_is_right(day: date, digits: str) -> None:
    assert number_problem(new_number(day, digits)) is None


@given(DAYS, NINE_DIGITS, st.integers(0, 15), st.sampled_from(string.digits))
def test_one_wrong_digit_of_a_number_is_always_noticed(day: date, digits: str, place: int, wrong: str) -> None:
    number = new_number(day, digits)
    spoilt = number[:place] + wrong + number[place + 1 :]
    assert (number_problem(spoilt) is None) == (spoilt == number)


@given(DAYS, NINE_DIGITS)
def test_a_number_is_known_again_as_it_is_shown(day: date, digits: str) -> None:
    number = new_number(day, digits)
    assert normalise_number(readable_number(number)) == number


@pytest.mark.parametrize(
    "text",
    [
        "261124-483-920-1754",
        " 261124 483 920 1754 ",
        "２６１１２４４８３９２０１７５４",
        "261124－483－920－1754",
        "261124—483—920—1754",
        "261124\u3000483\u3000920\u30001754",
    ],
)
def test_a_number_may_be_typed_with_gaps_and_full_width_digits(text: str) -> None:
    assert normalise_number(text) == "2611244839201754"
    assert number_problem(text) is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "应为 16 位数字，例如 261124-483-920-1754"),
        ("261124-ABC-920-1754", "应为 16 位数字，例如 261124-483-920-1754"),
        ("261124-483-920", "应为 16 位数字，现为 12 位"),
        ("261324-483-920-1754", "前 6 位应为受理日期（年月日），261324 不是日期"),
        ("261124-483-920-1755", "校验位不符"),
    ],
)
def test_a_wrong_number_is_told_what_would_be_right(text: str, problem: str) -> None:
    assert problem in (number_problem(text) or "")


@pytest.mark.parametrize("digits", ["", "12345678", "1234567890", "12345678x", "１２３４５６７８９"])
def test_a_number_is_made_of_nine_digits_only(digits: str) -> None:
    with pytest.raises(ValueError, match="takes 9 digits"):
        new_number(date(2026, 11, 24), digits)
