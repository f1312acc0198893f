"""What the report of 2022-09-19 says of its own tables, as indicators and /metrics must tell it; money in yuan."""

from tests.integration.alone import Alone
from tests.integration.test_numbers import samples

#: Who keeps each table: 省发展改革委, the window at 省大数据局, 省工业和信息化厅.
VIOLATIONS, WINDOW, LEADS = "hn-fgw", "hn-dsj", "hn-gxt"
Rates = dict[str, tuple[float, float, float | None]]


async def tells_the_reports_figures(tracker: Alone) -> None:
    """Violations of the business environment, the window 有诉即办, leads of arrears: by the API and by a scrape."""
    await _violations(tracker)
    await _window(tracker)
    await _leads(tracker)
    await _scraped(tracker)


async def _asked(tracker: Alone, **query: str) -> tuple[Rates, dict[str, float]]:
    """(numerator, denominator, percent to two places) by indicator, and the raw counts."""
    async with tracker.client("supervisor") as supervisor:
        answer = await supervisor.request("GET", "/api/v1/indicators", params=query)
    found = {one["name"]: (one["numerator"], one["denominator"], percent(one["value"])) for one in answer["indicators"]}
    return found, answer["counts"]


def percent(value: float | None) -> float | None:
    return None if value is None else round(100 * value, 2)


async def _violations(tracker: Alone) -> None:
    rates, counts = await _asked(tracker, agency=VIOLATIONS)
    assert rates["resolution_rate"] == (59, 71, 83.1)
    assert rates["satisfaction_rate"] == (38, 40, 95.0)
    names = ("arrears_cases", "arrears_claimed", "arrears_resolved", "arrears_repaid_cases", "arrears_repaid")
    assert [counts[name] for name in names] == [45, 565_000_000, 33, 33, 444_000_000]


async def _window(tracker: Alone) -> None:
    to_august, _ = await _asked(tracker, agency=WINDOW, to="2022-08-31")
    to_september, _ = await _asked(tracker, agency=WINDOW, to="2022-09-08")
    assert to_august["resolution_rate"] == (303, 303, 100.0)
    assert to_september["resolution_rate"] == (347, 347, 100.0)
    assert to_september["timely_routing_rate"][2] == 100.0
    assert to_september["on_time_reply_rate"][2] == 100.0
    assert to_september["contact_rate"] == (347, 347, 100.0)


async def _leads(tracker: Alone) -> None:
    earlier, counts = await _asked(tracker, **{"agency": LEADS, "from": "2021-01-01", "to": "2021-12-31"})
    assert earlier["arrears_resolution_rate"] == (830_000_000, 1_434_000_000, 57.88)
    assert (counts["arrears_cases"], counts["arrears_claimed"]) == (483, 1_434_000_000)
    this_year, counts = await _asked(tracker, **{"agency": LEADS, "from": "2022-01-01", "to": "2022-09-19"})
    the_report_says, its_own_rounded_figures_give = 77.93, 77.96
    assert this_year["arrears_resolution_rate"] == (1_093_000_000, 1_402_000_000, its_own_rounded_figures_give)
    assert round(100 * (3.07 + 7.86) / 14.02, 2) == its_own_rounded_figures_give
    # Its percentage is one that figures rounded to these can have; it was taken before they were rounded.
    assert (3.065 + 7.855) / 14.025 < the_report_says / 100 < (3.075 + 7.865) / 14.015
    names = ("arrears_cases", "arrears_claimed", "arrears_verified_cases", "arrears_repaid", "arrears_under_agreement")
    assert [counts[name] for name in names] == [921, 2_744_000_000, 743, 307_000_000, 786_000_000]


async def _scraped(tracker: Alone) -> None:
    async with tracker.client() as anybody:
        told = samples((await anybody._http.get("/metrics")).text)

    def by(agency: str, family: str) -> float:
        return told[f'yousu_agency_{family}{{agency="{agency}"}}']

    assert (by(VIOLATIONS, "accepted_resolved"), by(VIOLATIONS, "accepted")) == (59, 71)
    assert percent(by(VIOLATIONS, "satisfied") / by(VIOLATIONS, "rated")) == 95.0
    assert (by(VIOLATIONS, "arrears_claimed_yuan"), by(VIOLATIONS, "arrears_repaid_yuan")) == (5.65e8, 4.44e8)
    assert (by(WINDOW, "accepted_resolved"), by(WINDOW, "accepted")) == (347, 347)
    assert by(LEADS, "arrears_cases") == 483 + 921
    settled = by(LEADS, "arrears_repaid_yuan") + by(LEADS, "arrears_under_agreement_yuan")
    assert (settled, by(LEADS, "arrears_verified_yuan")) == (8.30e8 + 10.93e8, 14.34e8 + 14.02e8)
    assert told['yousu_matter_accepted_resolved{matter="8.problem.1"}'] == 347
    assert told['yousu_region_filed{region="410100"}'] == 71 + 347 + 483 + 921
