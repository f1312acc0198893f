"""The board says what the API and the metrics say, and from every number leads to the cases behind it."""

import random
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html import unescape
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from pypdf import PdfReader

from services.tracker.app import build
from services.tracker.pages import pdf
from services.tracker.pages.words import percent
from shared.auth import Role
from shared.composition import issuer
from shared.reference.identifiers import new_number
from shared.testing import ManualClock
from tests.integration.alone import Alone, alone
from tests.integration.numbers_told import Told, at_random, fold_all, interleaved, tell
from tests.integration.report import LEADS, VIOLATIONS, WINDOW
from tests.integration.test_numbers import samples
from tests.integration.test_report_figures import tracker as tracker_of_the_report

__all__ = ["tracker_of_the_report"]

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
NUMBER = re.compile(r'<a href="(/board/cases\?[^"]*)"><data value="(\d+)">')
SUM = re.compile(r'<a href="(/board/cases\?[^"]*)"><data value="(\d+\.\d+)">')
RATE = re.compile(r'<p class="rate" id="(\w+)"><data value="([\d.e-]*)"')
PARTS = re.compile(r'<p class="parts">(.*?)</p>')
ROW = re.compile(
    r'<th scope="row">(?:<a [^>]*>)?([^<]+)(?:</a>)?</th>\s*'
    r'<td class="figure">(?:<a [^>]*>)?<data value="(\d+)"'
)
ORDERS = re.compile(r"/board/cases/(\d+)")


@pytest.fixture
async def tracker(tmp_path: Path, clock: ManualClock) -> AsyncIterator[Alone]:
    """A tracker in the middle of the lives of many complaints."""
    clock.moment = START + timedelta(days=30)
    async with alone(build, tmp_path, clock) as running:
        chance = random.Random(7)
        day = START.date()
        lives = [at_random(new_number(day, f"{place:09d}"), chance, START) for place in range(90)]
        lives += [late(new_number(day, f"{1000 + place:09d}"), place) for place in range(12)]
        await tell(running.service, interleaved(lives, chance))
        await fold_all(running.service)
        yield running


def late(number: str, place: int) -> Told:
    at = START + timedelta(days=place)
    case = Told(number, agency=("hn-gxt", "hn-czt")[place % 2], region="410327").filed(at).assigned(at)
    case.missed(at + timedelta(days=3), "accept")
    return case.supervised(at + timedelta(days=4)) if place % 3 == 0 else case


async def page(tracker: Alone, path: str, role: Role = "supervisor", agency: str | None = None) -> httpx.Response:
    """The page as somebody signed in sees it."""
    cookie = f"yousu_staff={issuer(tracker.rig.around.settings).token(role, agency=agency)}"
    transport = httpx.ASGITransport(tracker.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://yousu.test") as http:
        return await http.get(path, headers={"Cookie": cookie})


async def asked(tracker: Alone, **query: str) -> dict[str, Any]:
    async with tracker.client("supervisor") as supervisor:
        found: dict[str, Any] = await supervisor.request("GET", "/api/v1/indicators", params=query)
        return found


def next_page(text: str) -> str:
    """Where the list goes on, "" where it ends."""
    found = re.search(r'<a href="(/board/cases\?[^"]*after=[^"]*)">下一页', text)
    return unescape(found[1]) if found else ""


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"from": "2026-03-05", "to": "2026-03-20"},
        {"agency": "hn-gxt"},
        {"region": "410300", "matter": "6.problem.4", "to": "2026-03-25"},
    ],
    ids=str,
)
async def test_the_boards_numbers_are_those_of_the_indicators(tracker: Alone, query: dict[str, str]) -> None:
    told = await asked(tracker, **query)
    shown = (await page(tracker, f"/board?{httpx.QueryParams({'from': '', **query})}")).text
    rates = {name: value for name, value in RATE.findall(shown)}
    assert rates == {one["name"]: "" if one["value"] is None else str(one["value"]) for one in told["indicators"]}
    values = [re.findall(r'<data value="([\d.]+)"', parts) for parts in PARTS.findall(shown)]
    assert [[float(value) for value in pair] for pair in values] == [
        [one["numerator"], one["denominator"]] for one in told["indicators"]
    ]
    for one in told["indicators"]:
        assert one["definition"] in shown
        assert f">{percent(one['value'])}</data>" in shown
    flow = dict(re.findall(r"<dt>(\w+)</dt><dd>(?:<a [^>]*>)?<data value=\"([\d.]+)\"", shown))
    counts, now = told["counts"], told["now"]
    assert (flow["收件"], flow["有效件"], flow["退单"]) == tuple(str(counts[n]) for n in ("filed", "valid", "returned"))
    assert (flow["待签收"], flow["红牌"], flow["待回复督办"]) == tuple(
        str(now[name]) for name in ("now_to_accept", "now_red_cards", "now_orders")
    )
    assert (float(flow["申报"]), float(flow["认定"])) == (counts["arrears_claimed"], counts["arrears_verified"])


async def test_the_boards_groups_are_those_of_the_indicators(tracker: Alone) -> None:
    shown = (await page(tracker, "/board?from=")).text
    for group in ("agency", "region", "matter", "month"):
        answer = await asked(tracker, group=group)
        wanted = {one["label"]: one["counts"]["filed"] for one in answer["groups"] if any(one["counts"].values())}
        section = shown.split('id="trend"' if group == "month" else f'id="by-{group}"', 1)[1]
        table = section.split("<table>")[1].split("</table>")[0]
        rows = ROW.findall(table)
        assert {unescape(label): int(filed) for label, filed in rows if group != "month" or int(filed)} == {
            label: filed for label, filed in wanted.items() if group != "month" or filed
        }, group


async def test_the_boards_numbers_are_those_of_the_metrics(tracker: Alone) -> None:
    """Up to today and by agency, as a scrape tells them."""
    async with tracker.client() as anybody:
        scraped = samples((await anybody._http.get("/metrics")).text)
    for agency in ("hn-gxt", "hn-czt"):
        shown = (await page(tracker, f"/board?from=&agency={agency}")).text
        parts = {
            name: tuple(float(value) for value in re.findall(r'<data value="([\d.]+)"', found))
            for (name, _), found in zip(RATE.findall(shown), PARTS.findall(shown), strict=True)
        }

        def metric(family: str, labels: str = "", agency: str = agency) -> float:
            return scraped.get(f'yousu_agency_{family}{{agency="{agency}"{labels}}}', 0)

        reply = ',stage="reply"'
        assert parts["on_time_reply_rate"] == (metric("in_time", reply), metric("due", reply))
        assert parts["resolution_rate"] == (metric("accepted_resolved"), metric("accepted"))
        assert parts["satisfaction_rate"] == (metric("satisfied"), metric("rated"))
        assert parts["return_rate"] == (metric("returned"), metric("assigned"))
        settled = metric("arrears_repaid_yuan") + metric("arrears_under_agreement_yuan")
        assert parts["arrears_resolution_rate"] == pytest.approx((settled, metric("arrears_verified_yuan")))
        late_now = re.search(r'id="late">逾期办件：<a [^>]*><data value="(\d+)"', shown)
        assert late_now is not None
        assert int(late_now[1]) == metric("late_cases") > 0
        assert metric("filed") > 0


@pytest.mark.parametrize("path", ["/board?from=", "/board?from=2026-03-05&to=2026-03-20&agency=hn-czt"])
async def test_every_number_leads_to_exactly_its_cases(tracker: Alone, path: str) -> None:
    """Where a case can count more than once the list says the number, and how many cases it is about."""
    links = set(NUMBER.findall((await page(tracker, path)).text))
    assert len(links) > 60
    for address, value in sorted(links):
        answer = await page(tracker, unescape(address))
        assert answer.status_code == 200, address
        total = re.search(r'<data id="total" value="(\d+)"', answer.text)
        assert total is not None
        again = re.search(r"看板上的数是 ([\d,]+)，按次计", answer.text)
        told = int(again[1].replace(",", "")) if again else int(total[1])
        assert (told, int(total[1]) <= told) == (float(value), True), address
        listed = re.findall(r'<td [^>]*><a class="number" href="/board/cases/(\d+)"', answer.text)
        assert len(listed) == min(int(total[1]), 50)


@pytest.mark.parametrize("path", ["/board?from=", "/board/report?month=2026-03"])
async def test_every_sum_of_money_leads_to_the_cases_it_is_made_of(tracker: Alone, path: str) -> None:
    links = set(SUM.findall((await page(tracker, path)).text))
    named = {name for address, _ in links for name in re.findall(r"of=(arrears_\w+)", address)}
    assert named == {f"arrears_{one}" for one in ("claimed", "verified", "repaid", "under_agreement", "settled")}
    for address, value in sorted(links):
        each, following = list[Decimal](), unescape(address)
        while following:
            text = (await page(tracker, following)).text
            total = re.search(r'<data id="sum" value="([\d.]+)"', text)
            assert total is not None
            assert Decimal(total[1]) == Decimal(value), address
            each += map(Decimal, re.findall(r'data-label="金额（元）" class="figure"><data value="([\d.]+)">', text))
            following = next_page(text)
        assert sum(each) == Decimal(value) > 0, address


async def test_a_list_of_cases_is_turned_without_a_gap(tracker: Alone) -> None:
    seen, address = list[str](), "/board/cases?from=&of=filed"
    while address:
        text = (await page(tracker, address)).text
        seen += re.findall(r'<td [^>]*><a class="number" href="/board/cases/(\d+)"', text)
        address = next_page(text)
    assert len(seen) == len(set(seen)) == 102


async def test_the_longest_late_come_first_with_how_long_they_are_late(tracker: Alone) -> None:
    shown = (await page(tracker, "/board")).text
    section = shown.split('id="late"')[1].split("</section>")[0]
    days = [int(one) for one in re.findall(r"(\d+) 个工作日", section)]
    assert len(days) == 10
    assert days == sorted(days, reverse=True)
    async with tracker.client("supervisor") as supervisor:
        case = await supervisor.request("GET", f"/api/v1/cases/{ORDERS.findall(section)[0]}")
    missed = min(one["due_at"] for one in case["deadlines"] if one["card"] == "red")
    calendar = tracker.service.parts.calendar()
    assert days[0] == calendar.working_days_between(datetime.fromisoformat(missed), tracker.clock.now())


async def test_an_agency_sees_its_own_board_whatever_it_asks_for(tracker: Alone) -> None:
    own = (await page(tracker, "/board?from=&agency=hn-gxt")).text
    shown = (await page(tracker, "/board?from=&agency=hn-czt", "agency", "hn-gxt")).text
    assert RATE.findall(shown) == RATE.findall(own)
    assert PARTS.findall(shown) == PARTS.findall(own)
    assert 'id="bulletin"' not in shown
    assert 'aria-labelledby="by-agency"' not in shown
    listed = await page(tracker, "/board/cases?from=&agency=hn-czt&of=filed", "agency", "hn-gxt")
    assert listed.status_code == 403 or "省财政厅" not in listed.text
    other = next(
        number for number in ORDERS.findall((await page(tracker, "/board/cases?from=&agency=hn-czt&of=now_late")).text)
    )
    assert (await page(tracker, f"/board/cases/{other}")).status_code == 200
    assert (await page(tracker, f"/board/cases/{other}", "agency", "hn-gxt")).status_code == 404


async def test_only_supervisors_and_agencies_look_at_the_board(tracker: Alone) -> None:
    for role in ("dispatcher", "enterprise"):
        assert (await page(tracker, "/board", role)).status_code == 403
    transport = httpx.ASGITransport(tracker.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://yousu.test") as http:
        for path in ("/board", "/board/cases", "/board/report", "/board/report.pdf?month=2026-03"):
            answer = await http.get(path)
            assert answer.status_code == 401, path
            assert "登录督办看板" in answer.text
        for path in ("cases.csv", "cases.xlsx", "bulletin.csv?month=2026-03", "bulletin.xlsx?month=2026-03"):
            assert (await http.get(f"/board/exports/{path}")).status_code == 401
            assert (await http.get(f"/api/v1/exports/{path}")).status_code == 401


async def test_what_means_nothing_is_said_at_its_field(tracker: Alone) -> None:
    answer = await page(tracker, "/board?from=yesterday&region=999999&to=2026-03-01")
    assert answer.status_code == 422
    assert 'id="fault-from"' in answer.text
    assert 'id="fault-region"' in answer.text
    assert 'aria-invalid="true" aria-describedby="fault-from"' in answer.text
    answer = await page(tracker, "/board/cases?of=nothing&from=&to=")
    assert answer.status_code == 422
    assert "没有这个指标项" in answer.text


async def test_no_page_of_the_board_loads_anything_or_runs_a_script(tracker: Alone) -> None:
    number = ORDERS.findall((await page(tracker, "/board")).text)[0]
    for path in ("/board", "/board/cases?of=filed", f"/board/cases/{number}", "/board/report?month=2026-03"):
        answer = await page(tracker, path)
        assert answer.headers["content-security-policy"].startswith("default-src 'none'; style-src 'unsafe-inline'")
        assert answer.headers["cache-control"] == "no-store"
        assert "<script" not in answer.text
        assert not re.search(r"(?:src|xlink:href|url)\s*[=(]", answer.text)


async def test_a_board_without_cases_says_so(tmp_path: Path, clock: ManualClock) -> None:
    async with alone(build, tmp_path, clock) as running:
        answer = await page(running, "/board")
        assert answer.status_code == 200
        assert "现在没有逾期办件" in answer.text
        assert answer.text.count("分母为 0，没有比率") >= 10
        assert "统计期内没有办件" in answer.text
        assert (await page(running, "/board?from=")).status_code == 200
        shown = (await page(running, "/board/report")).text
        assert "已经结束的月份都没有办件，这是本月" in shown
        assert "2026 年 3 月没有办件" in shown


async def test_the_report_of_a_month_has_the_months_numbers(tracker: Alone) -> None:
    told = await asked(tracker, **{"from": "2026-03-01", "to": "2026-03-31"})
    shown = (await page(tracker, "/board/report?month=2026-03")).text
    assert "2026 年 3 月" in shown
    for one in told["indicators"]:
        row = shown.split(f'id="{one["name"]}"')[1].split("</td>")[0]
        assert f">{percent(one['value'])}</data>" in row
    assert (await page(tracker, "/board/report?month=2026-13")).status_code == 422


@pytest.mark.parametrize("opened", [datetime(2026, 4, 2, 2, tzinfo=UTC), datetime(2027, 1, 4, 2, tzinfo=UTC)])
async def test_without_a_month_the_report_is_of_the_last_one_that_is_over_and_has_something_to_tell(
    tracker: Alone, opened: datetime
) -> None:
    tracker.clock.moment = opened
    shown = (await page(tracker, "/board/report")).text
    months = [one for one in (await asked(tracker, group="month"))["groups"] if any(one["counts"].values())]
    over = max(one["key"] for one in months if one["key"] < f"{opened:%Y-%m}")
    assert f'value="{over}"' in shown
    assert "这是已经结束的月份中最近一个有办件的" in shown


async def test_the_report_of_a_month_in_which_nothing_happened_says_so_and_little_else(tracker: Alone) -> None:
    shown = (await page(tracker, "/board/report?month=2025-11")).text
    assert "2025 年 11 月没有办件" in shown
    assert "现在逾期的办件" in shown
    assert "<svg" not in shown
    assert 'class="figure"' not in shown
    assert "2027 年 5 月还没有开始" in (await page(tracker, "/board/report?month=2027-05")).text
    async with tracker.client("supervisor") as supervisor:
        answer = await supervisor._http.get("/api/v1/exports/report.pdf", params={"month": "2025-11"})
    (paper,) = PdfReader(BytesIO(answer.content)).pages
    assert "2025 年 11 月没有办件" in paper.extract_text()


async def test_the_report_leaves_out_of_whom_there_is_nothing_to_tell_and_says_how_many(tracker: Alone) -> None:
    at = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)
    early = Told(new_number(at.date(), "000007777"), agency="hn-sft", region="410700", matter="1.opinion.1")
    await tell(tracker.service, early.filed(at).assigned(at).accepted(at).resolved(at).facts)
    shown = (await page(tracker, "/board/report?month=2026-03")).text
    query = {"from": "2026-03-01", "to": "2026-03-31"}
    for group, title, left_out in (("agency", "各单位", "个单位"), ("region", "各地市", "个地市")):
        groups = (await asked(tracker, group=group, **query))["groups"]
        some = [one for one in groups if any(one["counts"].values()) or one["now"]["now_late"]]
        section = shown.split(f"<h2>{title}</h2>")[1].split("<h2>")[0]
        assert section.count('<th scope="row">') == len(some) < len(groups)
        assert f"其余 {len(groups) - len(some)} {left_out}本月没有办件" in section
    assert "省司法厅" not in shown


async def test_the_report_of_the_present_month_is_told_up_to_today(tracker: Alone) -> None:
    tracker.clock.moment = datetime(2026, 3, 25, 2, 0, tzinfo=UTC)
    shown = (await page(tracker, "/board/report?month=2026-03")).text
    assert "（截至 2026-03-25）" in shown
    so_far, whole = [
        (await asked(tracker, **{"from": "2026-03-01", "to": day})) for day in ("2026-03-25", "2026-03-31")
    ]
    assert so_far["counts"]["due_resolve"] < whole["counts"]["due_resolve"]
    due = re.search(r'of=due_resolve[^"]*"><data value="(\d+)"', shown)
    assert due is not None
    assert int(due[1]) == so_far["counts"]["due_resolve"]


async def test_the_reports_own_tables_stand_on_the_board(tracker_of_the_report: Alone) -> None:
    """违法案件 71 and 59, 95 %; the window 347 of 347; the leads of arrears, 57.88 % and 77.96 %."""

    async def rates(query: str) -> tuple[dict[str, str], str]:
        shown = (await page(tracker_of_the_report, f"/board?{query}")).text
        found = re.findall(r'<p class="rate" id="(\w+)"><data [^>]*>([^<]+)</data>', shown)
        return dict(found), shown

    found, shown = await rates(f"from=&agency={VIOLATIONS}")
    assert (found["resolution_rate"], found["satisfaction_rate"]) == ("83.1%", "95%")
    assert "5.65 亿元" in shown
    assert "4.44 亿元" in shown
    found, _ = await rates(f"from=&agency={WINDOW}&to=2022-09-08")
    assert (found["resolution_rate"], found["timely_routing_rate"], found["on_time_reply_rate"]) == ("100%",) * 3
    found, shown = await rates(f"agency={LEADS}&from=2021-01-01&to=2021-12-31")
    assert found["arrears_resolution_rate"] == "57.88%"
    assert all(word in shown for word in ("14.34 亿元", "2.51 亿元", "5.79 亿元"))
    found, shown = await rates(f"agency={LEADS}&from=2022-01-01&to=2022-09-19")
    assert found["arrears_resolution_rate"] == "77.96%"
    assert all(word in shown for word in ("14.02 亿元", "3.07 亿元", "7.86 亿元"))


async def test_a_case_is_told_whole_its_clock_line_by_line(tracker: Alone) -> None:
    at = START + timedelta(days=1)
    number = new_number(at.date(), "000009999")
    case = Told(number, case_class="arrears", amount=Decimal("1260000")).filed(at).assigned(at)
    case.accepted(at + timedelta(hours=5)).suspended(at + timedelta(days=1)).resumed(at + timedelta(days=3), 2)
    case.replied(at + timedelta(days=4), at + timedelta(days=3, hours=4))
    case.owes(at + timedelta(days=5), verified=Decimal("1000000"), repaid=Decimal("600000"))
    case.supervised(at + timedelta(days=5)).answered(at + timedelta(days=6))
    await tell(tracker.service, case.facts)
    async with tracker.client("supervisor") as supervisor:
        told = await supervisor.request("GET", f"/api/v1/cases/{number}")
    shown = unescape((await page(tracker, f"/board/cases/{number}")).text)
    assert told["clock"]
    for line in told["clock"]:
        assert line["words"] in shown
    for word in (
        "拖欠账款",
        "专家论证或鉴定",
        "1,000,000.00",
        "600,000.00",
        "已办",
        "台账",
        "督办人员督办",
        "回复督办",
    ):
        assert word in shown, word
    assert shown.count("<tr ") >= len(told["timeline"])


async def test_a_report_as_pdf_carries_chinese_and_the_numbers(tracker: Alone) -> None:
    async with tracker.client("supervisor") as supervisor:
        answer = await supervisor._http.get("/api/v1/exports/report.pdf", params={"month": "2026-03"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    reader = PdfReader(BytesIO(answer.content))
    text = "\n".join(one.extract_text() for one in reader.pages)
    assert len(reader.pages) >= 3
    assert all(abs(float(one.mediabox.height) - 841.89) < 1 for one in reader.pages), "A4"
    told = await asked(tracker, **{"from": "2026-03-01", "to": "2026-03-31"})
    for one in told["indicators"]:
        assert one["label"] in text
        assert percent(one["value"]) in text
    assert "有诉即办月报" in text
    fonts = {str(font) for one in reader.pages for font in one["/Resources"]["/Font"].values()}  # type: ignore[index]
    assert fonts


async def test_without_what_a_pdf_needs_the_answer_says_what_is_missing(
    tracker: Alone, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A machine whose fonts hold no Chinese: a program that lists none."""
    (tmp_path / "fc-list").write_text("#!/bin/sh\n")
    (tmp_path / "fc-list").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not pdf.chinese_font()
    async with tracker.client("supervisor") as supervisor:
        answer = await supervisor._http.get("/api/v1/exports/report.pdf", params={"month": "2026-03"})
    assert answer.status_code == 503
    assert answer.json()["type"] == "urn:yousu:problem:pdf-unavailable"
    assert "fonts-noto-cjk" in answer.json()["detail"]
