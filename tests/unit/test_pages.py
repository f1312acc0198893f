"""How pages write moments, money and people."""

from datetime import UTC, datetime

import pytest

from shared.auth import Principal
from shared.web.pages import day, exact, moment, person, signed_in_as, spoken_day, spoken_moment

LATE = datetime(2026, 11, 25, 16, 5, tzinfo=UTC)


def test_a_moment_is_written_in_the_time_of_henan_short_for_staff_and_spoken_for_enterprises() -> None:
    assert (moment(LATE), day(LATE)) == ("2026-11-26 00:05", "2026-11-26")
    assert (spoken_moment(LATE), spoken_day(LATE)) == ("2026 年 11 月 26 日 00:05", "2026 年 11 月 26 日")
    assert moment(LATE.isoformat()) == moment(LATE)


@pytest.mark.parametrize(("yuan", "told"), [("1268000.00", "1,268,000.00"), (0, "0.00"), (10**15, f"{10**15:,}.00")])
def test_money_is_written_to_the_last_fen(yuan: str | int, told: str) -> None:
    assert exact(yuan) == told


@pytest.mark.parametrize(
    ("subject", "told"),
    [
        ("agency:hn-gxt", "省工业和信息化厅"),
        ("supervisor:local", "督办人员"),
        ("dispatcher:zhang", "研判人员 zhang"),
        ("complainant", "complainant"),
        ("https://login.henan.example/u:7", "https://login.henan.example/u:7"),
    ],
)
def test_a_person_is_named_as_people_would(subject: str, told: str) -> None:
    assert person(subject) == told


def test_who_is_signed_in_under_a_foreign_name_is_told_with_agency_or_role() -> None:
    assert signed_in_as(Principal("wang", "agency", "hn-gxt")) == "wang（省工业和信息化厅）"
    assert signed_in_as(Principal("wang", "supervisor")) == "wang（督办人员）"
    assert signed_in_as(Principal("supervisor:local", "supervisor")) == "督办人员"
