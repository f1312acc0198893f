"""The page of the API's documents, read by keyboard, on a wide and a narrow screen."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_form import no_sideways_scrolling, tab_to

pytestmark = pytest.mark.browser


def open_everything(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")


def test_an_operation_is_found_from_the_contents_by_keyboard_alone(page: Page) -> None:
    page.goto("/docs")
    filing = page.locator("#intake_file")
    expect(filing).not_to_be_visible()
    contents = page.get_by_role("navigation", name="目录").locator("summary").first
    tab_to(page, contents.inner_text().strip())
    page.keyboard.press("Enter")
    tab_to(page, "提交投诉")
    page.keyboard.press("Enter")
    expect(filing).to_be_visible()
    expect(filing).to_be_in_viewport()
    expect(filing).to_contain_text("统一社会信用代码")
    expect(filing).to_contain_text("任何人")


def test_an_answer_is_told_by_its_fields_and_an_example_that_the_reader_sees(page: Page) -> None:
    page.goto("/docs#intake_file")
    example = page.get_by_label("提交投诉的回答 201")
    example.scroll_into_view_if_needed()
    expect(example).to_contain_text('"access_code": "K7QM4T9XRA"')
    shown = example.bounding_box()
    assert shown
    assert shown["height"] > 100
    assert shown["x"] + shown["width"] <= page.evaluate("innerWidth")
    expect(page.locator("#intake_file")).to_contain_text("查询码，只告知这一次")


def test_what_several_operations_answer_with_is_told_once_and_a_link_away(page: Page) -> None:
    page.goto("/docs#tracker_resolve")
    resolving = page.locator("#tracker_resolve")
    expect(resolving).to_contain_text("missing_opinions")
    resolving.get_by_role("link", name="办件，及其全部内容").click()
    expect(page.locator("#Case")).to_be_in_viewport()
    expect(page.locator("#Case")).to_contain_text("timeline[].what")


def test_a_fact_says_who_publishes_and_who_listens(page: Page) -> None:
    page.goto("/docs#ComplaintAssigned")
    fact = page.locator("#ComplaintAssigned")
    expect(fact).to_be_visible()
    told = fact.locator("dd")
    expect(told.nth(0)).to_contain_text("router")
    expect(told.nth(1)).to_contain_text("tracker")
    expect(fact.locator("pre")).to_contain_text('"type": "ComplaintAssigned"')


def test_everything_opened_fits_the_screen_and_has_no_barriers(
    page: Page, barriers: Callable[[Page], list[str]]
) -> None:
    page.goto("/docs")
    assert no_sideways_scrolling(page)
    open_everything(page)
    assert no_sideways_scrolling(page)
    assert barriers(page) == []


def test_both_documents_can_be_had_from_the_page(page: Page) -> None:
    page.goto("/docs")
    for name in ("OpenAPI 3.1", "AsyncAPI 3.0"):
        target = page.get_by_role("link", name=name).get_attribute("href")
        answer = page.request.get(str(target))
        assert answer.headers["content-type"].startswith("application/json")
        about = answer.json()["info"]
        assert about.get("summary", about["title"]).startswith("有诉即办")
