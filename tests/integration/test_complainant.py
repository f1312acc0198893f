"""The complainant's side of a complaint's life: intake alone, the facts of the others put on the bus."""

import asyncio
import random
import tempfile
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from alembic import command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text

import services.intake
from services.intake import store
from services.intake.tables import metadata
from shared import migrate
from shared.auth import Role
from shared.bus import Record
from shared.client import Filed, Refused
from shared.clock import in_shanghai
from shared.composition import issuer
from shared.db import Database
from shared.events import (
    CaseAccepted,
    CaseOpened,
    CaseReopened,
    CaseReplied,
    CaseResolved,
    CaseResumed,
    CaseSupervised,
    CaseSuspended,
    ComplaintHeld,
    ComplaintLinked,
    ComplaintRated,
    ComplaintRefused,
    ComplaintSupplemented,
    ComplaintWithdrawn,
    DeadlineMissed,
    DeadlinesMoved,
    ReviewAsked,
    ReviewDecided,
    SupplementAsked,
    encode,
)
from shared.testing import ManualClock
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
from tests.samples import complaint

SECRETS = "合同在附件，请联系李建国13803711234，账号6222021304005678901。"
MASKED = "合同在附件，请联系李建国【电话】，账号【账号】。"
PATHS: list[tuple[str, dict[str, Any]]] = [
    ("supplements", {"text": SECRETS}),
    ("rating", {"grade": 2, "solved": False, "comment": SECRETS}),
    ("review", {"reason": SECRETS}),
    ("withdrawal", {"reason": SECRETS}),
]


@pytest.fixture
async def alone(tmp_path: Path, clock: ManualClock) -> AsyncIterator[IntakeAlone]:
    async with intake_alone(tmp_path, clock) as running:
        yield running


async def resolved(alone: IntakeAlone) -> Filed:
    filed = await alone.file()
    await alone.hears(filed, assigned(alone.clock), ACCEPTED, REPLIED, RESOLVED)
    return filed


async def problem(coming: Any) -> tuple[int, str]:
    with pytest.raises(Refused) as refused:
        await coming
    return refused.value.status, refused.value.type.removeprefix("urn:yousu:problem:")


async def test_a_supplement_is_kept_whole_and_sealed_told_masked_and_read_under_the_grant(alone: IntakeAlone) -> None:
    filed = await alone.file()
    await alone.hears(filed, assigned(alone.clock), ACCEPTED)
    async with alone.client() as enterprise:
        seen = await enterprise.supplement(filed.number, filed.access_code, SECRETS)
    assert [entry["text"] for entry in seen.timeline if entry["what"] == "supplemented"] == [MASKED]
    assert [fact.text for fact in await alone.told(ComplaintSupplemented)] == [MASKED]
    ((sealed,),) = await alone.rows("SELECT text FROM said")
    assert b"13803711234" not in sealed
    async with alone.client("agency", "hn-gxt") as agency:
        content = await agency.request("GET", f"/api/v1/complaints/{filed.number}/content")
    assert content["description"] == complaint()["description"]
    assert [given["text"] for given in content["supplements"]] == [SECRETS]
    assert await alone.rows("SELECT who, what FROM look") == [("agency:hn-gxt", "content")]


async def test_nothing_the_complainant_says_lies_in_clear_in_the_database_or_on_the_bus(alone: IntakeAlone) -> None:
    first, second = await resolved(alone), await alone.file()
    async with alone.client() as enterprise:
        await enterprise.rate(first.number, first.access_code, 2, solved=False, comment=SECRETS)
        await enterprise.review(first.number, first.access_code, SECRETS)
        await enterprise.supplement(second.number, second.access_code, SECRETS)
        await enterprise.withdraw(second.number, second.access_code, reason=SECRETS)
    (rated,), (contested,) = await alone.told(ComplaintRated), await alone.told(ReviewAsked)
    (supplemented,) = await alone.told(ComplaintSupplemented)
    assert (rated.comment, contested.reason, supplemented.text) == (MASKED, MASKED, MASKED)
    folder = alone.rig.around.settings.data_dir
    kept = b"".join(path.read_bytes() for path in folder.glob("*.db*"))
    assert b"13803711234" not in kept
    assert b"6222021304005678901" not in kept
    async with alone.client("supervisor") as supervisor:
        content = await supervisor.request("GET", f"/api/v1/complaints/{first.number}/content")
        assert [content[kind][0]["text"] for kind in ("rating", "review")] == [SECRETS] * 2
        content = await supervisor.request("GET", f"/api/v1/complaints/{second.number}/content")
        assert [content[kind][0]["text"] for kind in ("supplements", "withdrawal")] == [SECRETS] * 2


async def test_an_ask_is_shown_with_its_reason_and_limit_and_a_supplement_answers_it(alone: IntakeAlone) -> None:
    filed, clock = await alone.file(), alone.clock
    by = clock.now() + timedelta(days=5)
    asked = (SupplementAsked, {"reason": "请提供验收单", "due_at": by})
    await alone.hears(filed, (ComplaintHeld, {"reasons": ("不能确定",)}), asked)
    seen = await alone.see(filed)
    assert (seen.status, seen.asked) == ("supplement_needed", {"reason": "请提供验收单", "due_at": _wire(by)})
    async with alone.client() as enterprise:
        after = await enterprise.supplement(filed.number, filed.access_code, "验收单在此")
    assert (after.status, after.asked) == ("triage", None)
    suspended = of(CaseSuspended, why="supplement", reason="请提供合同", until=by)
    await alone.hears(filed, assigned(clock), ACCEPTED, suspended)
    seen = await alone.see(filed)
    assert (seen.status, seen.asked) == ("supplement_needed", {"reason": "请提供合同", "due_at": _wire(by)})
    moved = due(clock, "resolve", 40)
    await alone.hears(filed, of(CaseResumed, reason="期限已到", deadlines=(moved,)))
    seen = await alone.see(filed)
    assert (seen.status, seen.asked) == ("handling", None)
    assert seen.deadlines == [{"stage": "resolve", "due_at": _wire(moved.due_at), "met": False, "missed": False}]


def _wire(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


async def test_what_has_ended_takes_no_supplement_and_no_withdrawal_and_says_what_is_possible(
    alone: IntakeAlone,
) -> None:
    filed = await resolved(alone)
    async with alone.client() as enterprise:
        with pytest.raises(Refused) as refused:
            await enterprise.supplement(filed.number, filed.access_code, "还有一件事")
        assert refused.value.problem["possible"] == ["rating", "review"]
        assert "现在可以：评价、申请复核" in refused.value.problem["detail"]
        assert (refused.value.status, refused.value.type) == (409, "urn:yousu:problem:already-ended")
        assert await problem(enterprise.withdraw(filed.number, filed.access_code)) == (409, "already-ended")
    assert await alone.told(ComplaintSupplemented) == []
    assert await alone.rows("SELECT count(*) FROM said") == [(0,)]


async def test_a_resolution_is_rated_once_and_the_next_one_again(alone: IntakeAlone) -> None:
    filed, clock = await alone.file(), alone.clock
    async with alone.client() as enterprise:

        def rate(grade: int) -> Any:
            return enterprise.rate(filed.number, filed.access_code, grade, solved=grade > 2, comment="请再核实")

        assert await problem(rate(5)) == (409, "not-resolved")
        await alone.hears(filed, assigned(clock), ACCEPTED, REPLIED, RESOLVED)
        seen = await rate(2)
        assert (seen.status, seen.rated, seen.possible) == ("resolved", 2, ["review"])
        assert await problem(rate(1)) == (409, "already-rated")
        await alone.hears(filed, of(CaseReopened, why="rating", deadlines=(due(clock, "resolve", 5),)))
        seen = await alone.see(filed)
        assert (seen.status, seen.rated) == ("handling", None)
        assert [one["stage"] for one in seen.deadlines] == ["resolve"]
        await alone.hears(filed, REPLIED, RESOLVED)
        assert (await rate(5)).rated == 5
    ratings = [(fact.grade, fact.solved, fact.comment) for fact in await alone.told(ComplaintRated)]
    assert ratings == [(2, False, "请再核实"), (5, True, "请再核实")]


async def test_a_resolution_is_contested_once_and_the_decision_is_shown(alone: IntakeAlone) -> None:
    filed, clock = await resolved(alone), alone.clock
    async with alone.client() as enterprise:
        seen = await enterprise.review(filed.number, filed.access_code, "答复与事实不符")
        assert (seen.status, seen.review, seen.possible) == ("resolved", "asked", ["rating"])
        again = enterprise.review(filed.number, filed.access_code, "仍然不符")
        assert await problem(again) == (409, "already-reviewed")
    await alone.hears(filed, of(ReviewDecided, upheld=True, reason="答复属实"))
    seen = await alone.see(filed)
    assert (seen.status, seen.review, seen.possible) == ("resolved", "upheld", ["rating"])
    other = await resolved(alone)
    async with alone.client() as enterprise:
        await enterprise.review(other.number, other.access_code, "答复与事实不符")
        decided = of(ReviewDecided, upheld=False, reason="应当重办")
        await alone.hears(other, decided, of(CaseReopened, why="review", deadlines=(due(clock, "resolve", 5),)))
        assert (await alone.see(other)).status == "handling"
        await alone.hears(other, REPLIED, RESOLVED)
        assert (await enterprise.review(other.number, other.access_code, "仍有异议")).review == "asked"


async def test_a_refusal_is_shown_with_its_reason_and_is_not_contested(alone: IntakeAlone) -> None:
    filed = await alone.file()
    refusal = {"code": "DUPLICATE", "reason": "同一诉求正在办理", "duplicate_of": "2603101234567887"}
    await alone.hears(filed, (ComplaintHeld, {"reasons": ()}), (ComplaintRefused, refusal))
    seen: Any = await alone.see(filed)
    assert (seen.status, seen.refusal, seen.possible) == ("refused", refusal, [])
    async with alone.client() as enterprise:
        asked = enterprise.review(filed.number, filed.access_code, "不应拒绝受理")
        assert await problem(asked) == (409, "not-resolved")


async def test_a_withdrawal_may_give_its_reason_and_a_second_one_changes_nothing(alone: IntakeAlone) -> None:
    filed = await alone.file()
    async with alone.client() as enterprise:
        seen = await enterprise.withdraw(filed.number, filed.access_code, reason="已经自行解决")
        assert (seen.status, seen.possible) == ("withdrawn", [])
        assert seen.timeline[-1]["reason"] == "已经自行解决"
        again = await enterprise.withdraw(filed.number, filed.access_code)
        assert [entry["what"] for entry in again.timeline] == ["filed", "withdrawn"]
    bare = await alone.file()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(alone.app), base_url="http://yousu.test") as http:
        path, code = f"/api/v1/complaints/{bare.number}/withdrawal", {"X-Access-Code": bare.access_code}
        assert (await http.post(path, headers=code)).json()["status"] == "withdrawn"
    assert len(await alone.told(ComplaintWithdrawn)) == 2


async def test_a_withdrawal_that_crosses_a_resolution_ends_resolved(alone: IntakeAlone) -> None:
    filed = await alone.file()
    await alone.hears(filed, assigned(alone.clock), ACCEPTED, REPLIED)
    async with alone.client() as enterprise:
        assert (await enterprise.withdraw(filed.number, filed.access_code)).status == "withdrawn"
    await alone.hears(filed, RESOLVED)
    seen = await alone.see(filed)
    assert (seen.status, seen.possible) == ("resolved", ["rating", "review"])


@pytest.mark.parametrize(("path", "body"), PATHS, ids=[path for path, _ in PATHS])
async def test_under_one_key_it_happens_once_and_the_repeat_gets_the_first_answer(
    alone: IntakeAlone, path: str, body: dict[str, Any]
) -> None:
    filed = await (resolved(alone) if path in ("rating", "review") else alone.file())
    address = f"/api/v1/complaints/{filed.number}/{path}"
    headers = {"X-Access-Code": filed.access_code, "Idempotency-Key": "k-1"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(alone.app), base_url="http://yousu.test") as http:
        first = await http.post(address, json=body, headers=headers)
        await alone.hears(filed, (ComplaintLinked, {"other": "2603101234567887"}))
        again = await http.post(address, json=body, headers=headers)
        assert (again.status_code, again.content) == (first.status_code, first.content)
        assert first.status_code == (200 if path == "withdrawal" else 201)
        other = await http.post(address, json={}, headers=headers)
        assert other.status_code == 422
        stranger = await http.post(address, json=body, headers=headers | {"X-Access-Code": "WRONGCODE2"})
        assert stranger.status_code == 404
    assert await alone.rows("SELECT count(*) FROM said") == [(1,)]


@pytest.mark.parametrize(("path", "body"), PATHS, ids=[path for path, _ in PATHS])
async def test_only_the_complainant_may_and_wrong_codes_are_counted_and_locked(
    alone: IntakeAlone, path: str, body: dict[str, Any]
) -> None:
    async with alone.client("enterprise", subject="acme") as owner:
        filed = await owner.file(complaint())
    await alone.hears(filed, assigned(alone.clock), ACCEPTED)
    if path in ("rating", "review"):
        await alone.hears(filed, REPLIED, RESOLVED)
    address = f"/api/v1/complaints/{filed.number}/{path}"
    strangers: list[tuple[Role, str | None]] = [("enterprise", None), ("agency", "hn-gxt"), ("supervisor", None)]
    for role, agency in strangers:
        async with alone.client(role, agency) as stranger:
            assert await problem(stranger.request("POST", address, json=body)) == (404, "no-such-complaint")
    async with alone.client() as anybody:
        assert await problem(anybody.request("POST", address, json=body)) == (404, "no-such-complaint")
        wrong = {"X-Access-Code": "WRONGCODE2"}
        for _ in range(alone.service.parts.settings.code_tries):
            assert (await problem(anybody.request("POST", address, json=body, headers=wrong)))[0] == 404
        right = {"X-Access-Code": filed.access_code}
        assert (await problem(anybody.request("POST", address, json=body, headers=right)))[0] == 429
    assert await alone.rows("SELECT count(*) FROM said") == [(0,)]
    async with alone.client("enterprise", subject="acme") as owner:
        assert (await owner.request("POST", address, json=body))["number"] == filed.number


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("supplements", {}, "text"),
    ("supplements", {"text": " \n "}, "text"),
    ("supplements", {"text": "字" * 10_001}, "text"),
    ("supplements", {"text": "有控制字符\x00"}, "text"),
    ("supplements", {"text": "合同", "file": "x"}, "file"),
    ("rating", {"solved": True}, "grade"),
    ("rating", {"grade": 0, "solved": True}, "grade"),
    ("rating", {"grade": 6, "solved": True}, "grade"),
    ("rating", {"grade": "5", "solved": True}, "grade"),
    ("rating", {"grade": True, "solved": True}, "grade"),
    ("rating", {"grade": 5}, "solved"),
    ("rating", {"grade": 5, "solved": "yes"}, "solved"),
    ("rating", {"grade": 5, "solved": True, "comment": ""}, "comment"),
    ("review", {}, "reason"),
    ("review", {"reason": "不服"}, "reason"),
    ("withdrawal", {"reason": 7}, "reason"),
    ("withdrawal", {"why": "x"}, "why"),
]


@pytest.mark.parametrize(("path", "body", "field"), WRONG, ids=lambda value: str(value)[:40])
async def test_a_wrong_field_is_named_in_chinese(
    alone: IntakeAlone, path: str, body: dict[str, Any], field: str
) -> None:
    filed = await (resolved(alone) if path in ("rating", "review") else alone.file())
    async with alone.client() as client:
        headers = {"X-Access-Code": filed.access_code}
        with pytest.raises(Refused) as refused:
            await client.request("POST", f"/api/v1/complaints/{filed.number}/{path}", json=body, headers=headers)
    assert refused.value.status == 422
    reasons = {error["field"]: error["reason"] for error in refused.value.errors}
    assert set(reasons) == {field}
    assert any("一" <= character <= "鿿" for character in reasons[field])


async def looks(alone: IntakeAlone, filed: Filed, agency: str) -> bool:
    """Whether this agency may see who complained, and what was written: both or neither."""
    token = issuer(alone.rig.around.settings).token("agency", agency=agency)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(alone.app), base_url="http://yousu.test") as http:
        paths = [f"/api/v1/complaints/{filed.number}/{what}" for what in ("identity", "content")]
        answers = [(await http.get(path, headers={"Authorization": f"Bearer {token}"})).status_code for path in paths]
    assert answers in ([200, 200], [403, 403])
    return answers == [200, 200]


async def test_the_grant_goes_to_the_lead_agency_alone_and_moves_with_a_new_assignment(alone: IntakeAlone) -> None:
    filed, clock = await alone.file(), alone.clock
    assert not await looks(alone, filed, "hn-gxt")
    await alone.hears(filed, assigned(clock))
    assert [await looks(alone, filed, agency) for agency in ("hn-gxt", "hn-czt", "hn-zjt")] == [True, False, False]
    await alone.hears(filed, RETURNED)
    assert await looks(alone, filed, "hn-gxt")
    await alone.hears(filed, assigned(clock, 2, "hn-zjt"))
    assert [await looks(alone, filed, agency) for agency in ("hn-gxt", "hn-zjt")] == [False, True]
    who = await alone.rows("SELECT who, count(*) FROM look GROUP BY who ORDER BY who")
    assert who == [("agency:hn-gxt", 4), ("agency:hn-zjt", 2)]


@pytest.mark.parametrize(
    "respondent",
    [{"name": "某某单位", "agency": "hn-gxt"}, {"name": "河南省工业和信息化厅"}, {"name": "省工信厅"}],
    ids=["by code", "by name", "by alias"],
)
async def test_the_respondent_never_sees_who_complained_even_if_it_were_assigned(
    alone: IntakeAlone, respondent: dict[str, Any]
) -> None:
    filed = await alone.file(respondent=respondent)
    await alone.hears(filed, assigned(alone.clock), ACCEPTED)
    assert not await looks(alone, filed, "hn-gxt")
    async with alone.client("agency", "hn-gxt") as agency:
        assert (await problem(agency.look_up(filed.number)))[0] == 404
    assert await alone.rows("SELECT count(*) FROM look") == [(0,)]


async def test_a_return_shows_that_it_is_assigned_anew_and_the_first_receiver_stays(alone: IntakeAlone) -> None:
    filed, clock = await alone.file(), alone.clock
    await alone.hears(filed, assigned(clock), of(CaseOpened, deadlines=(due(clock, "accept", 1),)), RETURNED)
    seen: Any = await alone.see(filed)
    assert (seen.status, seen.lead_agency, seen.reassigning) == ("triage", "hn-gxt", True)
    assert seen.timeline[-1]["what"] == "returned"
    assert "属住建领域" not in str(seen.timeline)
    await alone.hears(filed, assigned(clock, 2, "hn-zjt"))
    seen = await alone.see(filed)
    assert (seen.status, seen.lead_agency, seen.reassigning) == ("assigned", "hn-zjt", False)


async def test_late_facts_of_an_older_assignment_are_recorded_and_change_nothing(alone: IntakeAlone) -> None:
    filed, clock = await alone.file(), alone.clock
    opened = of(CaseOpened, 2, deadlines=(due(clock, "accept", 1),))
    await alone.hears(filed, assigned(clock), RETURNED, assigned(clock, 2, "hn-zjt"), opened)
    before = await alone.see(filed)
    suspended = of(CaseSuspended, why="supplement", reason="请提供合同", until=clock.now())
    moved = of(DeadlinesMoved, reason="延期", deadlines=(due(clock, "accept", 9),))
    await alone.hears(filed, ACCEPTED, suspended, moved, REPLIED, RESOLVED, assigned(clock))
    after = await alone.see(filed)
    late = [entry["what"] for entry in after.timeline if entry.get("late")]
    assert late == ["accepted", "supplement_asked", "deadlines_moved", "replied", "resolved", "assigned"]
    assert after.model_dump(exclude={"timeline"}) == before.model_dump(exclude={"timeline"})


async def test_a_missed_deadline_is_marked_until_it_is_moved(alone: IntakeAlone) -> None:
    filed, clock = await alone.file(), alone.clock
    accept, resolve = due(clock, "accept", 1), due(clock, "resolve", 15)
    missed = [of(DeadlineMissed, stage=one.stage, due_at=in_shanghai(one.due_at)) for one in (accept, resolve)]
    await alone.hears(filed, assigned(clock), of(CaseOpened, deadlines=(accept, resolve)), *missed)
    assert [one["missed"] for one in (await alone.see(filed)).deadlines] == [True, True]
    await alone.hears(filed, of(DeadlinesMoved, reason="延期", deadlines=(due(clock, "resolve", 22),)))
    assert [one["missed"] for one in (await alone.see(filed)).deadlines] == [True, False]


async def test_what_is_only_to_be_known_is_a_line_of_its_own(alone: IntakeAlone) -> None:
    filed, clock = await alone.file(), alone.clock
    order = of(CaseSupervised, order="DB-1", why="red_card", reason="内部意见", due_at=clock.now())
    opened = of(CaseOpened, deadlines=(due(clock, "accept", 1), due(clock, "resolve", 15)))
    moved = of(DeadlinesMoved, reason="延期", deadlines=(due(clock, "resolve", 22),))
    linked = (ComplaintLinked, {"other": "2603101234567887"})
    await alone.hears(filed, linked, assigned(clock), opened, ACCEPTED, moved, order)
    seen: Any = await alone.see(filed)
    lines = [entry["what"] for entry in seen.timeline]
    assert lines == ["filed", "linked", "assigned", "accepted", "deadlines_moved", "supervised"]
    assert (seen.status, seen.supervised) == ("handling", True)
    assert "内部意见" not in str(seen.timeline)
    assert [(one["stage"], one["met"]) for one in seen.deadlines] == [("accept", True), ("resolve", False)]


DAY: list[Callable[[ManualClock], Told]] = [
    lambda _: (ComplaintHeld, {"reasons": ()}),
    lambda clock: (SupplementAsked, {"reason": "请提供合同", "due_at": clock.now()}),
    assigned,
    lambda clock: of(CaseOpened, deadlines=(due(clock, "accept", 1),)),
    lambda _: RETURNED,
    lambda clock: assigned(clock, 2),
    lambda clock: of(CaseOpened, 2, deadlines=(due(clock, "resolve", 15),)),
    lambda _: of(CaseAccepted, 2, agency="hn-gxt"),
    lambda clock: of(CaseSuspended, 2, why="supplement", reason="请提供合同", until=clock.now()),
    lambda clock: of(CaseResumed, 2, reason="已补充", deadlines=(due(clock, "resolve", 20),)),
    lambda _: of(CaseReplied, 2, agency="hn-gxt", text="已列入计划", met=True),
    lambda _: of(CaseResolved, 2, agency="hn-gxt"),
    lambda clock: of(CaseReopened, 2, why="review", deadlines=(due(clock, "resolve", 5),)),
    lambda _: of(CaseReplied, 2, agency="hn-gxt", text="已付款", met=True),
    lambda _: of(CaseResolved, 2, agency="hn-gxt"),
]


async def _record(chance: random.Random, trouble: float, length: int) -> tuple[Any, Any]:
    """What the complainant sees after so much of the day, with facts repeated and the reader killed on the way."""
    clock = ManualClock(datetime.fromisoformat("2026-03-10T10:00:00+08:00"))
    with tempfile.TemporaryDirectory() as folder:
        async with intake_alone(Path(folder), clock) as alone:
            filed, sent = await alone.file(), list[Record]()
            intake = alone.service
            for make in DAY[:length]:
                kind, fields = make(clock)
                sent.append(Record(filed.number, encode(kind(number=filed.number, at=clock.now(), **fields))))
                repeats = [record for record in sent[:-1] if chance.random() < trouble]
                await alone.rig.bus.send([*repeats, sent[-1], *(sent[-1:] if chance.random() < trouble else [])])
                if chance.random() < trouble:
                    await alone.rig.consume(intake, commit=False)
                await alone.rig.settle()
            seen = (await alone.see(filed)).model_dump(exclude={"number"})
            assert await alone.rows("SELECT count(*) FROM parked") == [(0,)]
            return seen, await alone.rows("SELECT what FROM entry ORDER BY id")


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32), length=st.integers(4, len(DAY)))
def test_repeats_of_any_fact_at_any_time_and_deaths_of_the_reader_change_nothing(seed: int, length: int) -> None:
    async def both() -> None:
        clean = await _record(random.Random(seed), 0.0, length)
        shaken = await _record(random.Random(seed), 0.5, length)
        assert shaken == clean

    asyncio.run(both())


async def test_a_complaint_of_the_first_schema_keeps_its_status(tmp_path: Path) -> None:
    await _carried_over(f"sqlite+aiosqlite:///{tmp_path}/intake.db")


@pytest.mark.postgres
async def test_a_complaint_of_the_first_schema_keeps_its_status_on_postgresql(new_database: Callable[[], str]) -> None:
    await _carried_over(new_database())


async def _carried_over(url: str) -> None:
    folder = Path(services.intake.__file__).parent / "migrations"
    standing = ["filed", "triage", "assigned", "handling", "replied", "resolved", "withdrawn"]
    database = Database(url)

    def first(connection: Connection) -> None:
        command.upgrade(migrate._config(folder, connection=connection, metadata=metadata), "0001")
        for status in standing:
            connection.execute(
                text(
                    "INSERT INTO complaint (number, code_digest, filed_at, region, identity, content, status,"
                    " assignment, co_agencies, deadlines)"
                    " VALUES (:n, '', '2026-03-10 02:00:00', '410102', :x, :x, :s, :a, '[]', '[]')"
                ),
                {"n": status, "s": status, "x": b"", "a": int(status not in ("filed", "triage"))},
            )

    try:
        async with database.writing() as session:
            await (await session.connection()).run_sync(first)
        await migrate.upgrade(database, folder, metadata)
        async with database.reading() as session:
            for status in standing:
                row = await store.complaint(session, status)
                assert row is not None
                assert store.view_of(row).status == status
    finally:
        await database.close()
