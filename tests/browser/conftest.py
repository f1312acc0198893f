"""A running embedded system and a Chromium before it, driven as a person would."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from services.yousu.distributed.processes import Kept, Program
from tests.conftest import free_port

#: What Chromium says of a page that answers with a refusal in words.
REFUSED = re.compile(r"the server responded with a status of (404|422)\b")
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 360, "height": 740}


@pytest.fixture(scope="session")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The embedded system served on a port of its own."""
    home, port = tmp_path_factory.mktemp("served"), free_port()
    address = f"http://127.0.0.1:{port}"
    environment = {"YOUSU_PORT": str(port), "YOUSU_DATA_DIR": str(home / "var")}
    command = [sys.executable, "-m", "services.yousu", "serve"]
    kept = Kept(Program("yousu", command, lambda: _ready(address), environment), home, home)
    kept.start()
    yield address
    kept.stop()


def _ready(address: str) -> bool:
    try:
        return httpx.get(f"{address}/readyz").status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """Closed with the module: while it is open its event loop runs in this thread, and no other may."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(params=[WIDE, NARROW], ids=["wide", "narrow"])
def page(browser: Browser, origin: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Page]:
    """A page on a wide and on a narrow screen; nothing may be loaded from elsewhere or fail in its console."""
    context = browser.new_context(base_url=origin, viewport=request.param, locale="zh-CN")
    found, errors, elsewhere = context.new_page(), list[str](), list[str]()
    found.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    found.on("request", lambda sent: elsewhere.append(sent.url) if not sent.url.startswith(origin) else None)
    yield found
    found.screenshot(path=tmp_path / "last.png", full_page=True)
    context.close()
    assert elsewhere == []
    assert [error for error in errors if not REFUSED.search(error)] == []
