"""What a person sees whose address or token is not the right one."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from shared.auth import Role
from shared.composition import issuer
from shared.settings import Settings
from tests.browser.test_form import no_sideways_scrolling, tab_to

pytestmark = pytest.mark.browser


def test_a_mistyped_address_leads_on_by_keyboard_alone(page: Page, barriers: Callable[[Page], list[str]]) -> None:
    page.goto("/complaint/2603101234567891")
    expect(page.get_by_role("heading", name="没有这个地址")).to_be_visible()
    assert no_sideways_scrolling(page)
    assert barriers(page) == []
    tab_to(page, "查询进度")
    page.keyboard.press("Enter")
    expect(page.get_by_label("受理编号")).to_be_visible()


def test_a_token_of_another_role_is_exchanged_where_it_is_refused(
    page: Page, home: Path, token: Callable[[Role], str], barriers: Callable[[Page], list[str]]
) -> None:
    page.goto("/board")
    page.get_by_label("令牌").fill(issuer(Settings(data_dir=home / "var")).token("agency", agency="hn-gxt"))
    page.get_by_role("button", name="登录").click()
    page.goto("/desk")
    expect(page.get_by_text("当前角色：承办单位")).to_be_visible()
    assert no_sideways_scrolling(page)
    assert barriers(page) == []
    page.get_by_role("button", name="换一个令牌登录").click()
    page.get_by_label("令牌").fill(token("dispatcher"))
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("region", name="等待研判的投诉")).to_be_visible()
