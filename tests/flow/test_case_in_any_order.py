"""Steps and facts of a case in any order, doubled at will: the same end, a ledger that adds up, an equal replay."""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from services.tracker.api.shapes import line_of
from services.tracker.app import build
from services.tracker.domain.arrears import Totals
from services.tracker.domain.clock import recomputed
from services.tracker.handlers import Step, Tracker
from services.tracker.handlers.steps import Record
from services.tracker.tables import Case, ClockLine, Deadline
from shared.auth import Principal
from shared.bus import Record as Sent
from shared.bus.embedded import EmbeddedBus
from shared.errors import Problem
from shared.events import (
    ComplaintAssigned,
    ComplaintFiled,
    ComplaintHeld,
    ComplaintRated,
    ComplaintRefused,
    ComplaintSupplemented,
    ComplaintWithdrawn,
    Fact,
    ReviewAsked,
    SupplementAsked,
    encode,
)
from shared.runtime import Service
from shared.testing import ManualClock, Rig
from tests.integration.rebuilt import contents, rebuilt
from tests.integration.tracker_alone import CO, LEAD, OTHER, assigned

NOON = datetime(2026, 9, 25, 4, 0, tzinfo=UTC)
NUMBERS = ("2609250000000011", "2609250000000029")
PARTITIONS = 2
SUPERVISOR, DISPATCHER = Principal("sup", "supervisor"), Principal("desk", "dispatcher")

FACTS: dict[str, tuple[type[Fact], Callable[[datetime], dict[str, Any]]]] = {
    "file": (
        ComplaintFiled,
        lambda _now: {"title": "拖欠工程款", "text": "请求支付", "region": "410102", "enterprise": "ab"},
    ),
    "assign": (ComplaintAssigned, lambda now: assigned(now, 1, case_class="arrears")),
    "assign anew": (ComplaintAssigned, lambda now: assigned(now, 2, lead_agency=OTHER, key_supervision=("repeated",))),
    "hold": (ComplaintHeld, lambda _now: {"reasons": ("不能确定",)}),
    "ask": (SupplementAsked, lambda now: {"reason": "缺少合同", "due_at": now + timedelta(days=4)}),
    "supplement": (ComplaintSupplemented, lambda _now: {"text": "合同在此"}),
    "withdraw": (ComplaintWithdrawn, lambda _now: {}),
    "refuse": (ComplaintRefused, lambda _now: {"code": "OUT_OF_SCOPE", "reason": "不属受理范围"}),
    "rate badly": (ComplaintRated, lambda _now: {"grade": 1, "solved": False}),
    "rate well": (ComplaintRated, lambda _now: {"grade": 5, "solved": True}),
    "review": (ReviewAsked, lambda _now: {"reason": "答复与事实不符"}),
}


def steps(tracker: Tracker, number: str, agency: str) -> dict[str, Callable[[Any], Awaitable[Any]]]:
    """What agencies and supervisors may try."""
    own, co = Step(number, Principal("w", "agency", agency)), Step(number, Principal("c", "agency", CO))
    above, desk = Step(number, SUPERVISOR), Step(number, DISPATCHER)
    record = Record(Totals(verified=Decimal(10), repaid=Decimal(3)), NOON, "回单")
    return {
        "accept": partial(tracker.accept, own),
        "return": partial(tracker.give_back, own, "NOT_OUR_DUTY", "不属本单位"),
        "suspend": partial(tracker.suspend, own, "supplement", "缺少合同", None),
        "suspend briefly": partial(tracker.suspend, own, "expert", "专家评估", 2),
        "resume": partial(tracker.resume, own),
        "reply": partial(tracker.reply, own, "已列入计划", True, None, False),
        "note": partial(tracker.reply, own, "先核实", False, None, True),
        "resolve": partial(tracker.resolve, own),
        "opinion": partial(tracker.give_opinion, co, "建议分期"),
        "extend": partial(tracker.ask_extension, own, 5, "案情复杂"),
        "approve": partial(tracker.decide_extension, above, f"YQ{number}-1", True, None),
        "disapprove": partial(tracker.decide_extension, above, f"YQ{number}-2", False, "理由不足"),
        "simple": partial(tracker.set_simple, desk),
        "supervise": partial(tracker.supervise, above, "久拖未决", 3),
        "answer": partial(tracker.reply_to_order, own, f"DB{number}-1", "已整改"),
        "arrears": partial(tracker.record_arrears, own, record),
        "uphold": partial(tracker.decide_review, above, True, "属实"),
        "overturn": partial(tracker.decide_review, above, False, "不实"),
    }


STEPS = tuple(steps(Tracker(lambda: None, None), NUMBERS[0], LEAD))  # type: ignore[arg-type, return-value]
VERBS = (*FACTS, *STEPS, "wait", "wait")
moves = st.tuples(st.sampled_from(VERBS), st.integers(0, 60), st.integers(1, 3))
scripts = st.lists(moves, min_size=6, max_size=30)


async def play(rig: Rig, script: list[tuple[str, int, int]], *, doubled: bool) -> None:
    """Each move on one of two complaints; when doubled, as often as it says."""
    tracker: Service[Tracker] = rig.services["tracker"]
    opening = [(verb, which, 1) for verb in ("file", "assign") for which in (0, 1)]
    for verb, which, times in [*opening, *script]:
        if verb == "wait":
            rig.clock.move(timedelta(hours=which))
            await rig.settle()
            continue
        number = NUMBERS[which % len(NUMBERS)]
        if verb in FACTS:
            kind, fields = FACTS[verb]
            fact = kind(number=number, at=rig.clock.now(), **fields(rig.clock.now()))
            await rig.bus.send([Sent(number, encode(fact))] * (times if doubled else 1))
        else:
            for _ in range(times if doubled else 1):
                await attempt(tracker, verb, number)
        await rig.settle()


async def attempt(tracker: Service[Tracker], verb: str, number: str) -> None:
    """A step by whoever leads the case now; what the state does not allow is refused and changes nothing."""
    async with tracker.database.reading() as session:
        case = await session.get(Case, number)
    agency = (case.lead_agency if case else None) or LEAD
    try:
        await tracker.door.run(number, steps(tracker.parts, number, agency)[verb])
    except Problem:
        return


async def ledgers_add_up(tracker: Service[Tracker]) -> None:
    """Pauses stay within the cap; the lines of the ledger give the due times, which never got earlier by a pause."""
    async with tracker.database.reading() as session:
        for number in NUMBERS:
            case = await session.get(Case, number)
            assert case is not None
            assert case.paused_days <= 15
            query = select(ClockLine).where(ClockLine.__table__.c.number == number)  # type: ignore[attr-defined]
            rows = (await session.execute(query.order_by(ClockLine.__table__.c.id))).scalars()  # type: ignore[attr-defined]
            lines = [line_of(row) for row in rows]
            deadlines = (await session.execute(select(Deadline))).scalars()
            due = {row.name: row.due_at for row in deadlines if row.number == number}
            assert recomputed(lines, tracker.parts.calendar()) == due
            seen: dict[str | None, datetime] = {}
            for line in lines:
                if line.what in ("resume", "extension"):
                    assert line.due_at >= seen[line.name]
                seen[line.name] = line.due_at


async def played(folder: Path, script: list[tuple[str, int, int]], *, doubled: bool) -> dict[str, list[str]]:
    """The tables after the script, equal to those of a replay; without the ids that facts get by chance."""
    rig = await Rig.build([build], folder, ManualClock(NOON), EmbeddedBus(folder / "facts.db", PARTITIONS))
    try:
        await play(rig, script, doubled=doubled)
        tracker = rig.services["tracker"]
        await ledgers_add_up(tracker)
        assert await contents(tracker) == await rebuilt(rig, folder, PARTITIONS)
        return await contents(tracker, without=frozenset({"id"}))
    finally:
        await rig.close()


WHOLE_LIFE = [
    (verb, which, 2)
    for verb, which in (
        *(("hold", 0), ("accept", 0), ("suspend", 0), ("wait", 50), ("supplement", 0), ("extend", 0), ("approve", 0)),
        *(("opinion", 0), ("arrears", 0), ("note", 0), ("reply", 0), ("resolve", 0), ("rate badly", 0), ("wait", 30)),
        *(("reply", 0), ("resolve", 0), ("review", 0), ("overturn", 0), ("accept", 0), ("reply", 0), ("resolve", 0)),
        *(("rate badly", 0), ("answer", 0), ("return", 1), ("ask", 1), ("assign anew", 1), ("simple", 1), ("wait", 60)),
        *(("wait", 60), ("wait", 60), ("wait", 60), ("wait", 60), ("wait", 60), ("supervise", 1), ("withdraw", 1)),
    )
]


#: A script is a minute's reading as it is; making a failing one shorter would take hours.
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(scripts)
@example(WHOLE_LIFE)
def test_whatever_comes_in_whatever_order_however_often_ends_the_same_and_replays_the_same(
    script: list[tuple[str, int, int]],
) -> None:
    async def both() -> None:
        with tempfile.TemporaryDirectory() as name:
            once = await played(Path(name) / "once", script, doubled=False)
            assert await played(Path(name) / "doubled", script, doubled=True) == once

    asyncio.run(both())
