"""The complainant's pages as people use them: by keyboard, wide and narrow, checked for barriers."""

import asyncio
import re
import threading
from collections.abc import Callable, Coroutine, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
import uvicorn
from playwright.sync_api import Page, expect

from shared.client import Filed
from shared.events import (
    CaseOpened,
    CaseReopened,
    CaseSupervised,
    CaseSuspended,
    ComplaintHeld,
    ComplaintLinked,
    ComplaintRefused,
    DeadlineMissed,
    ReviewDecided,
)
from shared.testing import ManualClock
from tests.browser.test_form import no_sideways_scrolling, tab_to
from tests.conftest import free_port
from tests.integration.intake_alone import (
    ACCEPTED,
    REPLIED,
    RESOLVED,
    RETURNED,
    IntakeAlone,
    Told,
    assigned,
    due,
    intake_alone,
    of,
)

pytestmark = pytest.mark.browser
Answer = TypeVar("Answer")
Barriers = Callable[[Page], list[str]]
CLOCK = ManualClock(datetime(2026, 3, 10, 2, 0, tzinfo=UTC))
OPENED = of(CaseOpened, deadlines=(due(CLOCK, "accept", 1), due(CLOCK, "reply", 3), due(CLOCK, "resolve", 20)))
ASKED = of(CaseSuspended, why="supplement", reason="请提供验收单和合同。", until=CLOCK.now() + timedelta(days=9))
HANDLED = (assigned(CLOCK), OPENED, ACCEPTED)
ENDED = (*HANDLED, REPLIED, RESOLVED)


class Counter:
    """Intake alone, served from a thread of its own; a test files there and tells it what the others would."""

    def __init__(self, folder: Path) -> None:
        self.origin = f"http://127.0.0.1:{free_port()}"
        self._folder = folder
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),))
        self._open = threading.Event()

    async def _serve(self) -> None:
        async with intake_alone(self._folder, CLOCK) as self._alone:
            port = int(self.origin.rsplit(":", 1)[1])
            config = uvicorn.Config(self._alone.app, port=port, lifespan="off", log_config=None)
            self._server = uvicorn.Server(config)
            self._loop.call_soon(self._open.set)
            await self._server.serve()

    def open(self) -> None:
        self._thread.start()
        assert self._open.wait(20)

    def close(self) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._loop.close()

    def _do(self, work: Callable[[IntakeAlone], Coroutine[Any, Any, Answer]]) -> Answer:
        return asyncio.run_coroutine_threadsafe(work(self._alone), self._loop).result(20)

    def filed(self, *facts: Told, **changes: Any) -> Filed:
        """A complaint of which these facts were told."""
        found = self._do(lambda alone: alone.file(**changes))
        self.tell(found, *facts)
        return found

    def tell(self, filed: Filed, *facts: Told) -> None:
        self._do(lambda alone: alone.hears(filed, *facts))


@pytest.fixture(scope="module")
def counter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    found = Counter(tmp_path_factory.mktemp("counter"))
    found.open()
    yield found
    found.close()


@pytest.fixture(scope="module")
def origin(counter: Counter) -> str:
    """Here the pages are those of intake alone."""
    return counter.origin


def look_up(page: Page, filed: Filed) -> None:
    """Through the question for number and code, as everybody comes here."""
    page.goto(f"/complaints?number={filed.number}")
    page.get_by_label("查询码").fill(filed.access_code)
    page.get_by_role("button", name="查询").click()
    expect(page.locator("#status")).to_be_visible()


def write(page: Page, name: str, words: str) -> None:
    tab_to(page, name)
    page.keyboard.insert_text(words)


def press(page: Page, name: str) -> None:
    """Tab to this button or summary and press it."""
    tab_to(page, name)
    page.keyboard.press("Enter")


def sound(page: Page, barriers: Barriers, code: str) -> bool:
    """No barrier, nothing wider than the screen, and the access code in no address."""
    assert barriers(page) == []
    assert no_sideways_scrolling(page)
    return code not in page.url


STANDINGS: list[tuple[str, tuple[Told, ...], str]] = [
    ("filed", (), "已提交"),
    ("held", ((ComplaintHeld, {"reasons": ()}), (ComplaintLinked, {"other": "2603101234567887"})), "人工研判中"),
    ("assigned", (assigned(CLOCK), OPENED), "已派单，待签收"),
    ("returned", (assigned(CLOCK), OPENED, RETURNED), "正在重新派单"),
    ("handling", HANDLED, "办理中"),
    ("asked", (*HANDLED, ASKED), "需要补充材料"),
    ("late", (*HANDLED, of(DeadlineMissed, stage="reply", due_at=CLOCK.now() + timedelta(days=3))), "办理中"),
    ("replied", (*HANDLED, REPLIED), "已答复"),
    ("resolved", ENDED, "已办结"),
    ("refused", ((ComplaintRefused, {"code": "IN_PETITION", "reason": "已由信访部门办理"}),), "不予受理"),
]


@pytest.mark.parametrize(("facts", "status"), [row[1:] for row in STANDINGS], ids=[row[0] for row in STANDINGS])
def test_a_complaint_in_any_standing_is_shown_without_barriers(
    page: Page, counter: Counter, barriers: Barriers, facts: tuple[Told, ...], status: str
) -> None:
    filed = counter.filed(*facts)
    look_up(page, filed)
    expect(page.locator("#status")).to_have_text(status)
    assert sound(page, barriers, filed.access_code)


@pytest.mark.parametrize("path", ["/", "/complaints"])
def test_the_ways_in_have_no_barriers(page: Page, barriers: Barriers, path: str) -> None:
    page.goto(path)
    assert sound(page, barriers, "?code")


def test_what_is_asked_is_given_by_keyboard_alone_and_the_page_says_so(
    page: Page, counter: Counter, barriers: Barriers
) -> None:
    filed = counter.filed(*HANDLED, ASKED)
    look_up(page, filed)
    expect(page.get_by_role("heading", name="请您补充材料")).to_be_visible()
    expect(page.locator("section.todo")).to_contain_text("最迟 2026 年 3 月 19 日")
    press(page, "提交补充材料")
    expect(page.get_by_role("alert")).to_contain_text("补充的内容：必填")
    assert sound(page, barriers, filed.access_code)
    press(page, "补充的内容：必填")
    expect(page.get_by_label("补充的内容")).to_be_focused()
    page.keyboard.insert_text("验收单在此，电话13803711234")
    press(page, "提交补充材料")
    expect(page.get_by_role("status")).to_have_text("补充材料已经收到。")
    expect(page.locator("#status")).to_have_text("办理中")
    expect(page.locator("ol.line")).to_contain_text("验收单在此，电话【电话】")
    assert sound(page, barriers, filed.access_code)


def test_a_form_sent_again_by_reload_is_taken_once(page: Page, counter: Counter) -> None:
    filed = counter.filed(*HANDLED)
    look_up(page, filed)
    press(page, "有新的情况要补充")
    write(page, "text", "又有一份合同")
    press(page, "提交补充材料")
    expect(page.get_by_role("status")).to_be_visible()
    page.reload()
    expect(page.get_by_role("status")).to_be_visible()
    expect(page.locator("ol.line blockquote", has_text="又有一份合同")).to_have_count(1)


def test_a_resolution_is_rated_by_keyboard_alone_once_and_again_after_it_was_reopened(
    page: Page, counter: Counter, barriers: Barriers
) -> None:
    filed = counter.filed(*ENDED)
    look_up(page, filed)
    expect(page.locator("#answer + p + blockquote")).to_have_text("款项已列入计划")
    press(page, "提交评价")
    alert = page.get_by_role("alert")
    expect(alert.get_by_role("heading")).to_have_text("有 2 处需要修改")
    assert sound(page, barriers, filed.access_code)
    press(page, "满意程度：必填")
    expect(page.get_by_label("非常满意", exact=True)).to_be_focused()
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    expect(page.get_by_label("不满意", exact=True)).to_be_checked()
    tab_to(page, "solved")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("没有解决")).to_be_checked()
    write(page, "comment", "款项仍未支付")
    press(page, "提交评价")
    expect(page.get_by_role("status")).to_have_text("评价已经收到，谢谢。")
    expect(page.locator("#rated + p")).to_have_text("您的评价：不满意")
    expect(page.get_by_role("button", name="提交评价")).to_have_count(0)
    assert sound(page, barriers, filed.access_code)
    counter.tell(filed, of(CaseReopened, why="rating", deadlines=(due(CLOCK, "resolve", 5),)), REPLIED, RESOLVED)
    look_up(page, filed)
    expect(page.get_by_role("button", name="提交评价")).to_be_visible()
    expect(page.locator("ol.line")).to_contain_text("重新办理 · 因评价不满意")


def test_what_was_chosen_stays_when_something_else_is_wrong(page: Page, counter: Counter) -> None:
    filed = counter.filed(*ENDED)
    look_up(page, filed)
    page.get_by_label("基本满意").check()
    page.get_by_label("说明").fill("还可以更快")
    page.get_by_role("button", name="提交评价").click()
    expect(page.get_by_role("alert")).to_contain_text("问题是否解决：必填")
    expect(page.get_by_label("基本满意")).to_be_checked()
    expect(page.get_by_label("说明")).to_have_value("还可以更快")
    expect(page.get_by_role("radiogroup", name="问题是否解决")).to_have_attribute("aria-invalid", "true")


def test_a_result_is_contested_by_keyboard_alone_and_the_decision_is_read(
    page: Page, counter: Counter, barriers: Barriers
) -> None:
    filed = counter.filed(*ENDED)
    look_up(page, filed)
    press(page, "填写复核申请")
    press(page, "申请复核")
    expect(page.get_by_role("alert")).to_contain_text("复核理由：必填")
    press(page, "复核理由：必填")
    page.keyboard.insert_text("答复与事实不符，款项没有支付")
    press(page, "申请复核")
    expect(page.get_by_role("status")).to_contain_text("复核申请已经收到")
    expect(page.get_by_text("您申请的复核正在等待决定。")).to_be_visible()
    assert sound(page, barriers, filed.access_code)
    counter.tell(filed, of(ReviewDecided, upheld=True, reason="已核对付款凭证"))
    look_up(page, filed)
    expect(page.get_by_text("复核决定：维持办理结果。")).to_be_visible()
    expect(page.locator("ol.line")).to_contain_text("已核对付款凭证")


def test_a_withdrawal_asks_whether_one_is_sure_and_may_be_left(
    page: Page, counter: Counter, barriers: Barriers
) -> None:
    filed = counter.filed(*HANDLED)
    look_up(page, filed)
    press(page, "撤回投诉")
    expect(page.get_by_role("heading", name="撤回投诉")).to_be_visible()
    assert sound(page, barriers, filed.access_code)
    press(page, "不撤回，返回")
    expect(page.locator("#status")).to_have_text("办理中")
    press(page, "撤回投诉")
    expect(page.get_by_label("撤回原因")).to_be_visible()
    write(page, "reason", "已经自行解决")
    press(page, "确认撤回")
    expect(page.locator("#status")).to_have_text("已撤回")
    expect(page.get_by_role("status")).to_have_text("投诉已经撤回。")
    expect(page.locator("ol.line")).to_contain_text("已经自行解决")
    assert sound(page, barriers, filed.access_code)


def test_what_became_impossible_meanwhile_is_refused_in_words_and_the_page_shows_how_it_stands(
    page: Page, counter: Counter, barriers: Barriers
) -> None:
    filed = counter.filed(*HANDLED)
    look_up(page, filed)
    page.locator("summary", has_text="有新的情况要补充").click()
    page.get_by_label("补充的内容").fill("又有一份合同")
    counter.tell(filed, REPLIED, RESOLVED)
    page.get_by_role("button", name="提交补充材料").click()
    expect(page.get_by_role("alert")).to_have_text(re.compile("投诉已办结，不能补充材料；现在可以：评价、申请复核"))
    expect(page.locator("#status")).to_have_text("已办结")
    assert sound(page, barriers, filed.access_code)


def test_who_comes_back_to_the_address_of_a_form_is_asked_for_the_code(page: Page, counter: Counter) -> None:
    filed = counter.filed(*HANDLED)
    page.goto(f"/complaints/{filed.number}/supplements")
    expect(page.get_by_label("受理编号")).to_have_value(filed.number)
    expect(page.get_by_label("查询码")).to_be_visible()


def test_an_order_from_above_is_shown_as_such(page: Page, counter: Counter, barriers: Barriers) -> None:
    order = of(CaseSupervised, order="DB-1", why="red_card", reason="内部意见", due_at=CLOCK.now() + timedelta(days=5))
    filed = counter.filed(*HANDLED, order)
    look_up(page, filed)
    expect(page.locator("#status + .tag")).to_have_text("督办")
    expect(page.get_by_text("内部意见")).to_have_count(0)
    assert sound(page, barriers, filed.access_code)
