"""A table of words can be shown as blocks: every value knows its heading, and it is heard as the table it is."""

import xml.etree.ElementTree as ET

from markupsafe import Markup

from services.router.pages.words import chance
from shared.web.tables import blocks

TABLE = Markup(
    '<table><thead><tr><th scope="col">环节</th><th scope="col" class="figure">逾期（天）</th></tr></thead>\n'
    '<tbody><tr><th scope="row">签收</th><td class="figure"><a href="/x">3</a></td></tr>\n'
    '<tr><th scope="row">办结</th><td class="figure">—</td></tr></tbody></table>'
)


def test_every_value_carries_the_heading_of_its_column() -> None:
    cells = [cell for row in ET.fromstring(blocks(TABLE)).iter("tr") for cell in row if cell.get("scope") != "col"]  # noqa: S314
    assert [cell.get("data-label") for cell in cells] == ["环节", "逾期（天）"] * 2
    assert [cell.get("data-empty") is not None for cell in cells] == [False, False, False, True]


def test_a_table_keeps_its_roles_and_all_it_had() -> None:
    made = ET.fromstring(blocks(TABLE))  # noqa: S314
    roles = [(part.tag, part.get("role")) for part in made.iter() if part.tag != "a"]
    assert set(roles) == {
        ("table", "table"),
        ("thead", "rowgroup"),
        ("tbody", "rowgroup"),
        ("tr", "row"),
        ("th", "columnheader"),
        ("th", "rowheader"),
        ("td", "cell"),
    }
    before = ET.fromstring(TABLE)  # noqa: S314
    assert "".join(made.itertext()) == "".join(before.itertext())
    for old, new in zip(before.iter(), made.iter(), strict=True):
        assert old.attrib.items() <= new.attrib.items()


def test_a_chance_is_never_told_as_none_or_as_certain_when_it_is_neither() -> None:
    told = {0.0: "0%", 0.004: "不到 1%", 0.01: "1%", 0.784: "78%", 0.996: "99%", 1.0: "100%"}
    assert {value: chance(value) for value in told} == told
