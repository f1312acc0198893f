"""What of a page can be seen on its screen."""

from playwright.sync_api import Page

_OUTSIDE = """cells => cells.filter(cell => {
    const box = cell.getBoundingClientRect(), screen = document.documentElement.clientWidth;
    return box.left < 0 || box.right > screen || cell.scrollWidth > cell.clientWidth + 1;
}).map(cell => cell.outerHTML)"""


def cut_off(page: Page) -> list[str]:
    """The cells of tables of words that do not lie whole between the edges of the screen; empty ones are not seen."""
    cells = page.locator(".blocks :is(td, tbody th):not([data-empty])")
    assert cells.count() > 0
    found: list[str] = cells.evaluate_all(_OUTSIDE)
    return found
