"""An enterprise files by the form and reads how it stands, by keyboard alone, on a wide and a narrow screen."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.samples import complaint

pytestmark = pytest.mark.browser
#: The colour of what has to be mended.
FAULT = "rgb(179, 38, 30)"


def flat(body: dict[str, Any]) -> dict[str, str]:
    """The fields as the form names them."""
    found: dict[str, str] = {}
    for name, value in body.items():
        if isinstance(value, dict):
            found.update({f"{name}.{inner}": str(part) for inner, part in value.items()})
        else:
            found[name] = str(value)
    return found


def tab_to(page: Page, name: str) -> None:
    """Tab until the field has the focus; fails when the keyboard never comes there."""
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name || document.activeElement.textContent.trim()") == name:
            return
    pytest.fail(f"the keyboard does not reach {name}")


def choose_by_keyboard(page: Page, name: str, value: str) -> None:
    """Down the list that has the focus until the value stands in it."""
    for _ in range(200):
        if page.locator(f'[name="{name}"]').input_value() == value:
            return
        page.keyboard.press("ArrowDown")
    pytest.fail(f"the keyboard does not reach {value} in {name}")


def fill_by_keyboard(page: Page, body: dict[str, str]) -> None:
    """Every field in the order of the page."""
    order = ("enterprise.name", "enterprise.uscc", "contact.name", "contact.phone", "region", "title", "description")
    for name in (*order, "matter"):
        if name not in body:
            continue
        tab_to(page, name)
        if name in ("region", "matter"):
            choose_by_keyboard(page, name, body[name])
        else:
            page.keyboard.insert_text(body[name])


def no_sideways_scrolling(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def test_a_complaint_is_filed_and_followed_by_keyboard_alone(page: Page) -> None:
    page.goto("/")
    assert no_sideways_scrolling(page)
    fill_by_keyboard(page, flat(complaint(11)))
    tab_to(page, "提交投诉")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="已收到您的投诉")).to_be_visible()
    assert no_sideways_scrolling(page)
    code = page.locator("#code").inner_text()
    tab_to(page, "查询进度")
    tab_to(page, "查询进度")
    page.keyboard.press("Enter")
    expect(page.get_by_label("受理编号")).not_to_have_value("")
    tab_to(page, "code")
    page.keyboard.insert_text(code.lower())
    page.keyboard.press("Enter")
    expect(page.locator("#status")).to_have_text(re.compile("已提交|已派单"))
    assert no_sideways_scrolling(page)


def test_what_is_wrong_is_said_at_the_top_and_at_the_field_and_what_was_typed_stays(page: Page) -> None:
    page.goto("/")
    fill_by_keyboard(page, flat(complaint(12, title="短")) | {"enterprise.uscc": "914101000000000000"})
    tab_to(page, "提交投诉")
    page.keyboard.press("Enter")
    alert = page.get_by_role("alert")
    expect(alert.get_by_role("heading")).to_have_text("有 2 处需要修改")
    expect(page.locator('[id="enterprise.uscc"]')).to_have_attribute("aria-invalid", "true")
    expect(page.locator('[id="enterprise.uscc"]')).to_have_css("border-top-color", FAULT)
    expect(page.locator('[id="contact.name"]')).not_to_have_css("border-top-color", FAULT)
    expect(page.locator('[id="contact.name"]')).to_have_value("李建国")
    expect(page).to_have_title(re.compile("^需要修改"))
    expect(alert).to_be_focused()
    expect(alert).to_contain_text("标题：太短，至少 4 个字")
    tab_to(page, alert.get_by_role("link").first.inner_text())
    page.keyboard.press("Enter")
    expect(page.locator('[id="enterprise.uscc"]')).to_be_focused()
    assert no_sideways_scrolling(page)


def test_a_form_sent_twice_makes_one_complaint(page: Page) -> None:
    page.goto("/")
    for name, value in flat(complaint(13)).items():
        field = page.locator(f'[name="{name}"]')
        field.select_option(value) if name in ("region", "matter") else field.fill(value)
    page.get_by_role("button", name="提交投诉").click()
    number = page.locator("#number").inner_text()
    page.reload()
    expect(page.locator("#number")).to_have_text(number)


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        ("123", "应为 16 位数字"),
        ("2611244839201755", "校验位不符"),
        ("2611244839201754", "没有这个受理编号，或查询码不对"),
    ],
)
def test_a_wrong_number_or_code_is_refused_in_words_and_the_number_stays(page: Page, number: str, reason: str) -> None:
    page.goto("/complaints")
    page.get_by_label("受理编号").fill(number)
    page.get_by_label("查询码").fill("ABCDEFGHJK")
    page.get_by_role("button", name="查询").click()
    expect(page.get_by_role("alert")).to_contain_text(reason)
    expect(page.get_by_label("受理编号")).to_have_value(number)
    assert no_sideways_scrolling(page)
