"""The triage desk in a browser: signing in, reading why, deciding, by keyboard alone, wide and narrow."""

import re
from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.seen import cut_off
from tests.samples import UNCLEAR, complaint

pytestmark = pytest.mark.browser
TokenOf = Callable[[str], str]


def held(origin: str, seed: int) -> str:
    """A complaint that no reader is sure of; its number once it waits at the desk."""
    body = complaint(seed, **UNCLEAR)
    return str(httpx.post(f"{origin}/api/v1/complaints", json=body).raise_for_status().json()["number"])


def sign_in(page: Page, token: str) -> None:
    page.goto("/desk")
    page.get_by_label("令牌").fill(token)
    page.get_by_role("button", name="登录").press("Enter")
    expect(page.get_by_role("heading", name="人工研判")).to_be_visible()


def wait_for(page: Page, number: str) -> None:
    """The complaint travels from intake to the desk; the page is looked at until it is there."""
    for _ in range(100):
        page.goto("/desk")
        if page.locator(f'a[href="/desk/{number}"]').count():
            return
        page.wait_for_timeout(100)
    pytest.fail("the complaint never came to the desk")


def test_without_a_token_there_is_only_the_sign_in_form(page: Page) -> None:
    page.goto("/desk/2603104839201753")
    expect(page.get_by_role("heading", name="登录人工研判")).to_be_visible()
    page.get_by_label("令牌").fill("not-a-token")
    page.get_by_role("button", name="登录").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("令牌")


def test_a_dispatcher_reads_why_and_decides_by_matter(page: Page, origin: str, token: TokenOf) -> None:
    number = held(origin, 31)
    sign_in(page, token("dispatcher"))
    wait_for(page, number)
    page.locator(f'a[href="/desk/{number}"]').press("Enter")
    expect(page.get_by_role("heading", name="为什么在这里")).to_be_visible()
    page.get_by_label("事项", exact=True).select_option("4.problem.2")
    page.get_by_role("button", name="派单", exact=True).press("Enter")
    expect(page.get_by_text("已派单")).to_be_visible()
    expect(page.get_by_text("省自然资源厅").first).to_be_visible()
    assert page.get_by_role("button", name="派单", exact=True).count() == 0


def test_what_cannot_be_taken_is_said_at_the_field(page: Page, origin: str, token: TokenOf) -> None:
    number = held(origin, 32)
    sign_in(page, token("dispatcher"))
    wait_for(page, number)
    page.goto(f"/desk/{number}")
    page.get_by_label("正在办理的受理编号").fill("123")
    page.get_by_role("button", name="并告知原件进度").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text(re.compile("受理编号"))
    expect(page.get_by_label("正在办理的受理编号")).to_have_attribute("aria-invalid", "true")


def test_a_refusal_is_proposed_by_one_and_approved_by_another(page: Page, origin: str, token: TokenOf) -> None:
    number = held(origin, 33)
    sign_in(page, token("dispatcher"))
    wait_for(page, number)
    page.goto(f"/desk/{number}")
    page.get_by_label("理由", exact=True).select_option("CIVIL_DISPUTE")
    page.get_by_label("告知企业的书面理由").fill("属于企业之间的买卖纠纷，可以向法院起诉。")
    page.get_by_role("button", name="提出不予受理").press("Enter")
    expect(page.get_by_text("不予受理待批", exact=True)).to_be_visible()
    page.get_by_role("button", name="退出").press("Enter")
    sign_in(page, token("supervisor"))
    page.goto(f"/desk/{number}")
    page.get_by_role("button", name="批准不予受理", exact=True).press("Enter")
    expect(page.get_by_text("不予受理", exact=True).first).to_be_visible()


def test_every_page_of_the_desk_is_free_of_barriers_and_no_wider_than_the_screen(
    page: Page, origin: str, token: TokenOf, barriers: Callable[[Page], list[str]]
) -> None:
    number = held(origin, 34)
    page.goto("/desk")
    assert barriers(page) == []
    sign_in(page, token("dispatcher"))
    wait_for(page, number)
    for path in ("/desk", f"/desk/{number}"):
        page.goto(path)
        assert barriers(page) == []
        assert cut_off(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_a_moment_and_a_state_of_the_list_take_one_line(page: Page, origin: str, token: TokenOf) -> None:
    number = held(origin, 35)
    sign_in(page, token("dispatcher"))
    wait_for(page, number)
    row = page.get_by_role("row").filter(has=page.locator(f'a[href="/desk/{number}"]'))
    for label in ("进入研判", "状态"):
        assert row.locator(f'[data-label="{label}"]').evaluate("cell => cell.getBoundingClientRect().height") < 45


def test_a_form_from_another_site_is_refused(origin: str, token: TokenOf) -> None:
    cookies = {"yousu_staff": token("dispatcher")}
    answer = httpx.post(
        f"{origin}/desk/2603104839201753/decision",
        data={"agency": "hn-fgw"},
        cookies=cookies,
        headers={"Origin": "http://elsewhere.test"},
    )
    assert answer.status_code == 403
