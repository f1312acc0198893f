"""Tables of words on a narrow screen: a row becomes a block, in which every value stands beside its column's heading.

A template says `{% filter blocks %}<table>…</table>{% endfilter %}`, and tables.css does the rest. Tables of many
figures stay tables and scroll: see tables.html.
"""

import re

from markupsafe import Markup

#: Said in full, because a browser may forget what a table's parts are once they are shown as blocks.
_ROLES = {"table": "table", "thead": "rowgroup", "tbody": "rowgroup", "tr": "row", "td": "cell"}
_HEADING = re.compile(r'<th scope="col"[^>]*>(.*?)</th>')
_PART = re.compile(r"<(table|thead|tbody|tr|th|td)\b([^>]*)>(?=(\s*—?\s*</t[hd]>)?)")


def blocks(table: str) -> Markup:
    """This table with roles, and every cell with the heading of its column; an empty one is marked as such."""
    headings = _HEADING.findall(table)
    return Markup(_PART.sub(_Part(headings), table))  # noqa: S704 (a template wrote and escaped it)


class _Part:
    """One opening tag after the other, told apart by where it stands in its row."""

    def __init__(self, headings: list[str]) -> None:
        self._headings = headings
        self._cell = 0

    def __call__(self, found: re.Match[str]) -> str:
        name, given, empty = found.groups()
        if name == "tr":
            self._cell = 0
        if name not in ("td", "th"):
            shown = ' class="blocks"' if name == "table" else ""
            return f'<{name}{shown} role="{_ROLES[name]}"{given}>'
        heading = self._headings[self._cell]
        self._cell += 1
        if 'scope="col"' in given:
            return f'<th role="columnheader"{given}>'
        role = "rowheader" if name == "th" else _ROLES[name]
        nothing = ' data-empty=""' if empty else ""
        return f'<{name} role="{role}" data-label="{heading}"{nothing}{given}>'
