"""The board in a browser: reading the numbers, going to their cases and to one case, by keyboard, wide and narrow."""

import re
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from shared.composition import issuer
from shared.settings import Settings
from tests.browser.seen import cut_off
from tests.samples import complaint

pytestmark = pytest.mark.browser
TokenOf = Callable[[str], str]
LEAD = "hn-gxt"


@pytest.fixture(scope="module")
def number(origin: str) -> str:
    """A complaint of arrears, assigned by the rules; its number."""
    body = complaint(71, matter="6.problem.4", amount="1260000.00")
    return str(httpx.post(f"{origin}/api/v1/complaints", json=body).raise_for_status().json()["number"])


@pytest.fixture
def supervisor(page: Page, token: TokenOf, number: str) -> Page:
    """A supervisor who has signed in, once the complaint has become a case."""
    sign_in(page, token("supervisor"))
    for _ in range(100):
        page.goto(f"/board/cases?from=&q={number}")
        if page.locator(f'a[href="/board/cases/{number}"]').count():
            break
        page.wait_for_timeout(100)
    page.goto("/board")
    return page


def sign_in(page: Page, token: str) -> None:
    page.goto("/board")
    page.get_by_label("令牌").fill(token)
    page.get_by_role("button", name="登录").press("Enter")
    expect(page.get_by_role("heading", name="办理情况")).to_be_visible()


def test_without_a_token_there_is_only_the_sign_in_form(page: Page, number: str) -> None:
    page.goto(f"/board/cases/{number}")
    expect(page.get_by_role("heading", name="登录督办看板")).to_be_visible()
    page.get_by_label("令牌").fill("not-a-token")
    page.get_by_role("button", name="登录").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("令牌")


def test_a_supervisor_goes_from_a_number_to_its_cases_and_to_one_of_them(supervisor: Page, number: str) -> None:
    flow = supervisor.get_by_role("region", name="统计期内").locator("dl > div").filter(has_text="收件")
    told = flow.get_by_role("link").inner_text()
    flow.get_by_role("link").press("Enter")
    expect(supervisor.get_by_role("heading", name="收件")).to_be_visible()
    expect(supervisor.locator("#total")).to_have_text(told)
    supervisor.locator(f'a[href="/board/cases/{number}"]').press("Enter")
    expect(supervisor.get_by_role("heading", name="时钟：期限是怎样算出来的")).to_be_visible()
    expect(supervisor.get_by_text(re.compile("首次答复：自 .* 起 3 个工作日，当日不计")).first).to_be_visible()
    expect(supervisor.get_by_role("button")).to_have_count(1)


def test_a_sum_and_its_cases_are_reached_by_keyboard_alone(supervisor: Page) -> None:
    for _ in range(150):
        supervisor.keyboard.press("Tab")
        if "of=arrears_claimed" in supervisor.evaluate("document.activeElement.href || ''"):
            break
    told = supervisor.evaluate("document.activeElement.textContent")
    supervisor.keyboard.press("Enter")
    expect(supervisor.get_by_role("heading", name="申报金额")).to_be_visible()
    expect(supervisor.locator("#sum")).to_have_text(told)
    supervisor.keyboard.press("Tab")
    expect(supervisor.get_by_role("link", name="跳到正文")).to_be_focused()


def test_the_range_is_chosen_in_a_form_and_kept_in_the_address(supervisor: Page) -> None:
    supervisor.get_by_label("单位", exact=True).select_option(LEAD)
    supervisor.get_by_role("button", name="查看").press("Enter")
    expect(supervisor.get_by_role("heading", name="省工业和信息化厅办理情况")).to_be_visible()
    assert f"agency={LEAD}" in supervisor.url
    assert supervisor.get_by_role("heading", name="按单位").count() == 0
    expect(supervisor.get_by_role("heading", name="按地市")).to_be_visible()


def test_what_cannot_be_read_is_said_at_its_field(supervisor: Page) -> None:
    supervisor.goto("/board?from=yesterday")
    expect(supervisor.get_by_role("alert")).to_contain_text("应为日期")
    expect(supervisor.get_by_label("从", exact=True)).to_have_attribute("aria-invalid", "true")


def test_every_plot_has_a_name_and_a_table_with_its_figures(supervisor: Page) -> None:
    plots = supervisor.locator("svg[role=img]")
    assert plots.count() >= 3
    for place in range(plots.count()):
        assert plots.nth(place).get_attribute("aria-label")
    for name in ("按地市", "按事项"):
        section = supervisor.get_by_role("region", name=name)
        expect(section.locator("svg[role=img]")).to_be_visible()
        if not section.get_by_role("table").count():
            section.locator("summary").press("Enter")
        expect(section.get_by_role("table")).to_be_visible()


def test_the_cases_are_kept_as_a_file(supervisor: Page, number: str, tmp_path: Path) -> None:
    files = supervisor.get_by_role("region", name="导出")
    with supervisor.expect_download() as started:
        files.get_by_role("link", name="CSV", exact=True).press("Enter")
    assert re.fullmatch(r"办件 \d{4}-\d\d-\d\d\.csv", started.value.suggested_filename)
    started.value.save_as(tmp_path / "cases.csv")
    text = (tmp_path / "cases.csv").read_text(encoding="utf-8-sig")
    assert number in text.replace("-", "")
    with supervisor.expect_download() as started:
        files.get_by_role("button", name="月报 PDF").press("Enter")
    started.value.save_as(tmp_path / "report.pdf")
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF-")


def test_an_agency_sees_its_own_board(page: Page, home: Path, number: str) -> None:
    sign_in(page, issuer(Settings(data_dir=home / "var")).token("agency", agency=LEAD))
    expect(page.get_by_role("heading", name="省工业和信息化厅办理情况")).to_be_visible()
    assert page.get_by_label("单位", exact=True).count() == 0
    assert page.get_by_role("heading", name=re.compile("^通报")).count() == 0


def test_every_page_of_the_board_is_free_of_barriers_and_no_wider_than_the_screen(
    supervisor: Page, number: str, barriers: Callable[[Page], list[str]]
) -> None:
    month = supervisor.get_by_label("月份").input_value()
    paths = ("/board", "/board/cases?of=filed", f"/board/cases/{number}", f"/board/report?month={month}")
    for path in (*paths, "/board?from=x&region=y", "/board/cases?of=x", "/board/report?month=x"):
        supervisor.goto(path)
        closed = supervisor.locator("details:not([open]) > summary")
        while closed.count():
            closed.first.press("Enter")
        assert barriers(supervisor) == [], path
        assert supervisor.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), path


def test_every_cell_of_a_list_is_on_the_screen_and_knows_its_heading(supervisor: Page, number: str) -> None:
    for path in ("/board/cases?from=", f"/board/cases/{number}"):
        supervisor.goto(path)
        assert cut_off(supervisor) == [], path
    supervisor.goto(f"/board/cases?from=&q={number}")
    headings = supervisor.get_by_role("columnheader").all_inner_texts()
    row = supervisor.get_by_role("row").filter(has=supervisor.get_by_role("cell"))
    expect(row).to_have_count(1)
    assert row.get_by_role("cell").evaluate_all("cells => cells.map(cell => cell.dataset.label)") == headings
    assert len(headings) == 7


def test_a_table_of_many_figures_says_that_it_scrolls_and_keeps_its_first_column(supervisor: Page) -> None:
    section = supervisor.get_by_role("region", name="按单位")
    table = section.get_by_role("group", name="按单位")
    narrow = supervisor.evaluate("innerWidth") < 400
    expect(section.get_by_text("可左右滑动")).to_be_visible(visible=narrow)
    table.focus()
    supervisor.keyboard.press("ArrowRight")
    if narrow:
        supervisor.wait_for_function("box => box.scrollLeft > 0", arg=table.element_handle())
    expect(table.get_by_role("rowheader").first).to_be_in_viewport(ratio=0.9)


def test_the_report_leaves_its_form_out_of_print(supervisor: Page) -> None:
    supervisor.goto("/board/report")
    expect(supervisor.get_by_role("navigation")).to_be_visible()
    supervisor.emulate_media(media="print")
    expect(supervisor.get_by_role("navigation")).to_be_hidden()
    expect(supervisor.get_by_role("heading", name="有诉即办月报")).to_be_visible()
