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
RESOLVE = events.Due(stage="resolve", due_at=WHEN)
TERM = events.Term(
    name="1.resolve",
    stage="resolve",
    agency="hn-gxt",
    start_at=WHEN,
    limit=15,
    unit="working_day",
    pauses=2,
    due_at=WHEN,
    warn_at=WHEN,
    calendar="ab12",
)
ONE = {**HEAD, "assignment": 1}
BY = {"by": "agency:hn-gxt"}
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
    events.RouteStarted(**HEAD, clock=(TERM.model_copy(update={"name": "0.route", "stage": "route", "agency": None}),)),
    events.ComplaintWithdrawn(**HEAD),
    events.ComplaintSupplemented(**HEAD, text="合同在此"),
    events.ComplaintHeld(**HEAD, candidates=(events.Candidate(ref="4.problem.2", score=0.5),), reasons=("不能确定",)),
    events.SupplementAsked(**HEAD, reason="缺少合同", due_at=WHEN),
    events.RoutePaused(**HEAD, reason="缺少合同", until=WHEN),
    events.RouteResumed(**HEAD, days=2, clock=(TERM,)),
    events.ComplaintLinked(**HEAD, other="2603101234567887"),
    events.ComplaintRefused(**HEAD, code="DUPLICATE", reason="同一诉求正在办理", duplicate_of="2603101234567887"),
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
    events.CaseOpened(**ONE, deadlines=(RESOLVE,), clock=(TERM,), policy={"effective_from": "2022-09-19"}),
    events.CaseAccepted(**ONE, agency="hn-gxt", **BY),
    events.CaseReturned(**ONE, agency="hn-gxt", code="NOT_OUR_DUTY", reason="属住建领域", **BY),
    events.CaseClassed(**ONE, case_class="simple", policy={"effective_from": "2022-09-19"}, by="dispatcher:local"),
    events.CaseSuspended(**ONE, why="supplement", reason="缺少合同", until=WHEN, **BY),
    events.CaseResumed(**ONE, reason="已补充", deadlines=(RESOLVE,), days=2, clock=(TERM,), by="complainant"),
    events.ExtensionAsked(**ONE, request="YQ2603101234567895-1", agency="hn-gxt", days=7, reason="案情复杂", **BY),
    events.ExtensionDecided(**ONE, request="YQ2603101234567895-1", approved=True, by="supervisor:local"),
    events.DeadlinesMoved(
        **ONE, reason="延期", deadlines=(RESOLVE,), why="extension", days=7, clock=(TERM,), by="supervisor:local"
    ),
    events.OpinionGiven(**ONE, agency="hn-czt", by="agency:hn-czt"),
    events.NoteTaken(**ONE, agency="hn-gxt", **BY),
    events.CaseReplied(**ONE, agency="hn-gxt", text="已办理", met=True, contacted_at=WHEN, **BY),
    events.ArrearsRecorded(
        **ONE, agency="hn-gxt", verified=Decimal("10.00"), repaid=Decimal("4.00"), stood_at=WHEN, evidence="回单", **BY
    ),
    events.CaseResolved(**ONE, agency="hn-gxt", missing_opinions=("hn-czt",), **BY),
    events.CaseClosed(**ONE, why="withdrawn", closed_at=WHEN),
    events.ComplaintRated(**HEAD, grade=2, solved=False, comment="没有付款"),
    events.CaseRated(**ONE, grade=2, solved=False),
    events.ReviewAsked(**HEAD, reason="答复与事实不符"),
    events.ReviewOpened(**ONE, reason="答复与事实不符", due_at=WHEN, clock=(TERM,)),
    events.ReviewDecided(**ONE, upheld=False, reason="已查实", by="supervisor:local"),
    events.CaseReopened(**ONE, why="rating", deadlines=(events.Due(stage="redo", due_at=WHEN),), clock=(TERM,)),
    events.CaseSupervised(
        **ONE,
        order="DB2603101234567895-1",
        why="red_card",
        reason="超期",
        due_at=WHEN,
        agency="hn-gxt",
        stage="reply",
        clock=(TERM,),
        by="clock",
    ),
    events.SupervisionReplied(**HEAD, order="DB2603101234567895-1", agency="hn-gxt", text="已整改", **BY),
    events.DeadlineWarned(**ONE, stage="reply", due_at=WHEN, name="1.reply", agency="hn-gxt"),
    events.DeadlineMissed(**ONE, stage="reply", due_at=WHEN, name="1.reply", agency="hn-gxt", bulletin_at=WHEN),
    events.AgencyNamed(**ONE, stage="reply", agency="hn-gxt", due_at=WHEN, name="1.reply"),
    events.CaseImported(
        **HEAD,
        origin="豫诉2021-1",
        source="郑州",
        digest="ab" * 32,
        facts=(json.loads(encode(events.CaseAccepted(**ONE, agency="hn-gxt", by="import"))),),
        by="admin:local",
    ),
]
#: What the files written before a fact grew say today.
OLDER: list[Fact] = [
    events.CaseOpened(**ONE, deadlines=(events.Due(stage="accept", due_at=WHEN),)),
    events.CaseAccepted(**ONE, agency="hn-gxt"),
    events.CaseReplied(**ONE, agency="hn-gxt", text="已办理", met=True),
    events.CaseResolved(**ONE, agency="hn-gxt"),
    events.CaseReturned(**ONE, agency="hn-gxt", code="NOT_OUR_DUTY", reason="属住建领域"),
    events.CaseSuspended(**ONE, why="supplement", reason="缺少合同", until=WHEN),
    events.CaseResumed(**ONE, reason="已补充", deadlines=(RESOLVE,)),
    events.DeadlinesMoved(**ONE, reason="延期", deadlines=(RESOLVE,)),
    events.ReviewDecided(**ONE, upheld=False, reason="已查实"),
    events.CaseReopened(**ONE, why="rating", deadlines=(events.Due(stage="redo", due_at=WHEN),)),
    events.CaseSupervised(**ONE, order="DB-1", why="red_card", reason="超期", due_at=WHEN),
    events.DeadlineWarned(**ONE, stage="reply", due_at=WHEN),
    events.DeadlineMissed(**ONE, stage="reply", due_at=WHEN),
]


@pytest.mark.parametrize("fact", EXAMPLES, ids=lambda fact: type(fact).__name__)
def test_the_bytes_of_a_fact_are_those_of_its_golden_file(fact: Fact) -> None:
    golden = GOLDEN / f"{type(fact).__name__}.v{fact.version}.json"
    assert encode(fact).decode() == golden.read_text(encoding="utf-8").strip()


@pytest.mark.parametrize("golden", sorted(GOLDEN.glob("*.json")), ids=lambda path: path.stem)
def test_every_golden_file_is_read_for_ever(golden: Path) -> None:
    fact = decode(golden.read_bytes().strip())
    assert fact in [*EXAMPLES, *OLDER]


def test_every_fact_has_an_example_and_a_golden_file() -> None:
    assert {type(fact).__name__ for fact in EXAMPLES} == set(FACTS)


def test_an_imported_case_tells_the_facts_it_holds() -> None:
    imported = next(fact for fact in EXAMPLES if isinstance(fact, events.CaseImported))
    assert imported.story() == (events.CaseAccepted(**ONE, agency="hn-gxt", by="import"),)
    unheard = imported.model_copy(update={"facts": ({"type": "Unheard", "version": 1},)})
    with pytest.raises(Unreadable):
        unheard.story()


def test_an_older_version_is_brought_up_to_the_present_one() -> None:
    resolved = next(fact for fact in EXAMPLES if isinstance(fact, events.CaseResolved))
    body = json.loads(encode(resolved)) | {"version": 0, "office": "hn-gxt"}
    del body["agency"]
    upcasts = {("CaseResolved", 0): lambda found: {**found, "agency": found["office"]}}
    assert decode(json.dumps(body).encode(), upcasts=upcasts) == resolved


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
