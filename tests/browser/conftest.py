"""A running embedded system and a Chromium before it, driven as a person would."""

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from services.yousu.distributed.processes import Kept, Program
from shared.auth import Role
from shared.composition import issuer
from shared.settings import Settings
from tests.conftest import free_port, from_npm

#: What Chromium says of a page that answers with a refusal in words.
REFUSED = re.compile(r"the server responded with a status of (401|403|404|409|422)\b")
AXE_VERSION = "4.14.1"
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 360, "height": 740}


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("served")


@pytest.fixture(scope="session")
def token(home: Path, origin: str) -> Callable[[Role], str]:
    """Bearer tokens of the served system, by role."""
    return lambda role: issuer(Settings(data_dir=home / "var")).token(role)


@pytest.fixture(scope="session")
def origin(home: Path) -> Iterator[str]:
    """The embedded system served on a port of its own."""
    port = free_port()
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


@pytest.fixture(scope="session")
def axe_source() -> str:
    """axe-core, to be run in a page."""
    return (from_npm("axe-core", AXE_VERSION) / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture
def barriers(axe_source: str) -> Callable[[Page], list[str]]:
    """What axe-core finds on a page: the rule and the elements that break it."""

    def find(page: Page) -> list[str]:
        page.evaluate(axe_source)
        found = page.evaluate("axe.run()")["violations"]
        return [f"{one['id']}: {[node['html'] for node in one['nodes']]}" for one in found]

    return find
