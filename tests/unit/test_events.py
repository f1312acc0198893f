"""The wire: golden files guard the bytes, old versions are read for ever."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest

from shared import events
from shared.errors import Unreadable
from shared.events import FACTS, Fact, decode, encode

GOLDEN = Path(__file__).parent / "golden"
WHEN = datetime(2026, 3, 10, 2, 0, tzinfo=UTC)
HEAD = {"event_id": UUID(int=7), "number": "2603101234567895", "at": WHEN}
EXAMPLES: list[Fact] = [
    events.ComplaintFiled(
        **HEAD,
        title="工程款",
        text="拖欠【电话】",
        region="410102",
        matter="6.problem.4",
        enterprise="ab" * 16,
        respondent="某镇",
        amount=Decimal("1260000.00"),
    ),
    events.ComplaintWithdrawn(**HEAD),
    events.ComplaintHeld(**HEAD, candidates=(events.Candidate(ref="4.problem.2", score=0.5),), reasons=("不能确定",)),
    events.ComplaintAssigned(
        **HEAD,
        assignment=1,
        matter="6.problem.4",
        lead_agency="hn-gxt",
        co_agencies=("hn-czt",),
        case_class="arrears",
        filed_at=WHEN,
        title="工程款",
        region="410102",
        amount=Decimal("1260000.00"),
        reasons=("企业选择了事项",),
        clause="附件1 第6项 问题 4",
        rules_version="2022-09-19",
        decided_by="rules",
    ),
    events.CaseOpened(**HEAD, assignment=1, deadlines=(events.Due(stage="accept", due_at=WHEN),)),
    events.CaseAccepted(**HEAD, assignment=1, agency="hn-gxt"),
    events.CaseReplied(**HEAD, assignment=1, agency="hn-gxt", text="已办理", met=True),
    events.CaseResolved(**HEAD, assignment=1, agency="hn-gxt"),
    events.ComplaintSupplemented(**HEAD, text="合同在此"),
    events.SupplementAsked(**HEAD, reason="缺少合同", due_at=WHEN),
    events.ComplaintLinked(**HEAD, other="2603101234567887"),
    events.ComplaintRefused(**HEAD, code="DUPLICATE", reason="同一诉求正在办理", duplicate_of="2603101234567887"),
    events.CaseReturned(**HEAD, assignment=1, agency="hn-gxt", code="NOT_OUR_DUTY", reason="属住建领域"),
    events.CaseSuspended(**HEAD, assignment=1, why="supplement", reason="缺少合同", until=WHEN),
    events.CaseResumed(**HEAD, assignment=1, reason="已补充", deadlines=(events.Due(stage="resolve", due_at=WHEN),)),
    events.DeadlinesMoved(**HEAD, assignment=1, reason="延期", deadlines=(events.Due(stage="resolve", due_at=WHEN),)),
    events.ComplaintRated(**HEAD, grade=2, solved=False, comment="没有付款"),
    events.ReviewAsked(**HEAD, reason="答复与事实不符"),
    events.ReviewDecided(**HEAD, assignment=1, upheld=False, reason="已查实"),
    events.CaseReopened(**HEAD, assignment=1, why="rating", deadlines=(events.Due(stage="redo", due_at=WHEN),)),
    events.CaseSupervised(**HEAD, assignment=1, order="DB-1", why="red_card", reason="超期", due_at=WHEN),
    events.DeadlineWarned(**HEAD, assignment=1, stage="reply", due_at=WHEN),
    events.DeadlineMissed(**HEAD, assignment=1, stage="reply", due_at=WHEN),
]


@pytest.mark.parametrize("fact", EXAMPLES, ids=lambda fact: type(fact).__name__)
def test_the_bytes_of_a_fact_are_those_of_its_golden_file(fact: Fact) -> None:
    golden = GOLDEN / f"{type(fact).__name__}.v{fact.version}.json"
    assert encode(fact).decode() == golden.read_text(encoding="utf-8").strip()


@pytest.mark.parametrize("golden", sorted(GOLDEN.glob("*.json")), ids=lambda path: path.stem)
def test_every_golden_file_is_read_for_ever(golden: Path) -> None:
    fact = decode(golden.read_bytes().strip())
    assert fact in EXAMPLES


def test_every_fact_has_an_example_and_a_golden_file() -> None:
    assert {type(fact).__name__ for fact in EXAMPLES} == set(FACTS)


def test_an_older_version_is_brought_up_to_the_present_one() -> None:
    old = json.dumps({"type": "CaseResolved", "version": 0, **json.loads(encode(EXAMPLES[7])), "office": "hn-gxt"})
    body = json.loads(old) | {"version": 0}
    del body["agency"]
    upcasts = {("CaseResolved", 0): lambda found: {**found, "agency": found["office"]}}
    assert decode(json.dumps(body).encode(), upcasts=upcasts) == EXAMPLES[7]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not json",
        b"[]",
        b"null",
        b'{"type":"Unheard","version":1}',
        b'{"type":"CaseResolved","version":9}',
        b'{"type":"CaseResolved","version":1}',
        b'{"type":["x"],"version":1}',
    ],
)
def test_bytes_that_are_no_fact_of_ours_are_unreadable(data: bytes) -> None:
    with pytest.raises(Unreadable):
        decode(data)
