"""Whatever is sent, the answer is a problem in words, nothing is written by halves, and the work goes on."""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from services.yousu.embedded import BUILDS
from shared.composition import Surroundings, issuer
from shared.errors import PROBLEM_PREFIX
from shared.runtime import Service
from shared.testing import ManualClock
from shared.web import operations
from shared.web.problems import UNEXPLAINED
from tests.conftest import database
from tests.integration.hostile import MOMENTS, Sent, Target, cursor, hostile, targets
from tests.integration.system import System, embedded
from tests.samples import UNCLEAR, complaint

LEAD = "hn-gxt"
pytestmark = pytest.mark.asyncio(loop_scope="module")
CHINESE = re.compile("[\u4e00-\u9fff]")
#: Rows of the three services that belong to one complaint each.
ROWS = {
    "intake": "SELECT number FROM complaint",
    "router": "SELECT number FROM routing",
    "tracker": "SELECT number FROM case_",
}


def migrated(build: Callable[[Surroundings], Service[Any]]) -> Callable[[Surroundings], Service[Any]]:
    """The same service, which brings its database up to date when it starts."""

    def built(around: Surroundings) -> Service[Any]:
        service = build(around)
        service.migrate_at_start = True
        return service

    return built


@dataclass
class Town:
    """The system with a case in hand and a complaint at the desk, and everything that can be asked of it."""

    system: System
    http: httpx.AsyncClient
    number: str
    code: str
    held: str
    targets: list[Target]

    async def answer(self, sent: Sent) -> httpx.Response:
        request = self.http.build_request(sent.method, sent.url, headers=sent.headers, content=sent.body)
        return await self.http.send(request)

    async def post(self, path: str, body: Any, role: Any = "agency", agency: str | None = LEAD) -> httpx.Response:
        """A request of this role; `body` as JSON that may hold what no text may."""
        token = self.system.token(role, agency if role == "agency" else None)
        headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        return await self.http.post(f"/api/v1{path}", content=json.dumps(body), headers=headers)

    async def get(self, path: str, role: Any = "supervisor", **query: str) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.system.token(role, LEAD if role == 'agency' else None)}"}
        return await self.http.get(f"/api/v1{path}", params=query, headers=headers)

    async def accepted(self) -> str:
        """A new case that its lead agency has accepted; its number."""
        async with self.system.client() as client:
            filed = await client.file(complaint(1))
        await self.system.routed(filed)
        answer = await self.post(f"/cases/{filed.number}/acceptance", {})
        assert answer.json()["state"] == "handling"
        return filed.number

    async def numbers(self) -> dict[str, set[str]]:
        """The complaints that each service knows."""
        found = {}
        for name, query in ROWS.items():
            async with self.system.service(name).database.reading() as session:
                found[name] = set(await session.scalars(text(query)))
        return found

    async def whole(self) -> None:
        """Every complaint is known to all, every fact was sent, nothing is parked, every loop runs."""
        async with asyncio.timeout(30):
            while (found := await self.numbers())["intake"] - (found["router"] & found["tracker"]):
                await asyncio.sleep(0.02)
        assert found["router"] <= found["intake"]
        for service in self.system.app.state.services.values():
            assert (await service.parking.count(), await service.timers.parked_count()) == (0, 0)
            assert service.dead_loops() == []


@asynccontextmanager
async def town(folder: Path, clock: ManualClock, *, migrate: bool) -> AsyncIterator[Town]:
    builds = [migrated(build) for build in BUILDS] if migrate else BUILDS
    async with embedded(folder, clock, builds) as system:
        async with system.client() as client:
            filed = await client.file(complaint(1))
            held = await client.file(complaint(2, **UNCLEAR))
            await system.routed(filed)
            await system.routed(held)
        known = {"number": filed.number, "order": f"DB{filed.number}-1", "request": f"YQ{filed.number}-1"}
        known |= {"webhook": "x", "delivery": "x", "service": "tracker", "what": "content"}
        tokens = {role: system.token(role) for role in ("enterprise", "dispatcher", "supervisor", "admin")}
        tokens["agency"] = system.token("agency", LEAD)
        routers = [routes for service in system.app.state.services.values() for routes in service.spec.routes]
        all_ = list(targets([operations.routes, *routers], known, tokens, filed.access_code))
        for target in all_:
            if "/triage/" in target.path:
                target.known = {**known, "number": held.number}
        async with httpx.AsyncClient(transport=system.transport, base_url="http://yousu.test", timeout=30) as http:
            found = Town(system, http, filed.number, filed.access_code, held.number, all_)
            assert (await found.post(f"/cases/{filed.number}/acceptance", {})).status_code == 200
            yield found


@pytest_asyncio.fixture(
    scope="module", loop_scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
)
async def shared_town(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    """The town on either database; whole when all is over."""
    apart = request.param == "postgresql"
    clock, folder = ManualClock(datetime(2026, 3, 10, 2, 0, tzinfo=UTC)), tmp_path_factory.mktemp("town")
    with pytest.MonkeyPatch.context() as surroundings:
        for name in ("INTAKE", "ROUTER", "TRACKER") if apart else ():
            url = database(request.getfixturevalue("postgres_port"))
            surroundings.setenv(f"YOUSU_{name}_DATABASE_URL", url)
        async with town(folder, clock, migrate=apart) as found:
            yield found
            await found.whole()


@pytest_asyncio.fixture(loop_scope="module")
async def here(shared_town: Town) -> Town:
    """The town with a case of this test's own."""
    return replace(shared_town, number=await shared_town.accepted())


def explained(answer: httpx.Response, wrong: str = "") -> None:
    """Not our fault, and if it is a refusal, one that a program and a person can read."""
    assert answer.status_code < 500, f"{wrong} → {answer.status_code}"
    if answer.status_code < 400:
        return
    assert answer.headers["content-type"] == "application/problem+json", wrong
    problem = answer.json()
    assert problem["type"].startswith(PROBLEM_PREFIX), wrong
    assert problem["status"] == answer.status_code, wrong
    assert CHINESE.search(problem["detail"]), f"{wrong} → {problem['detail']}"
    assert UNEXPLAINED not in answer.text, f"{wrong} → {problem['detail']}"
    assert "Traceback" not in answer.text, wrong
    assert len(answer.content) < 4_000, wrong


def texts_no_database_keeps(here: Town, bad: str) -> list[tuple[str, Any, str, str]]:
    """Path, body, role, and the field that is wrong."""
    case = f"/cases/{here.number}"
    return [
        (f"{case}/replies", {"text": f"已付款{bad}", "met": True}, "agency", "text"),
        (f"{case}/suspension", {"reason": f"缺少合同{bad}"}, "agency", "reason"),
        (f"{case}/supervision-orders", {"reason": f"久拖未决{bad}", "days": 3}, "supervisor", "reason"),
        (f"/triage/{here.held}/decision", {"matter": "6.problem.4", "note": f"见附件{bad}"}, "dispatcher", "note"),
        (f"/triage/{here.held}/decision", {"refusal": {"code": "X", "reason": bad}}, "dispatcher", "refusal.reason"),
        ("/queue/claims", {"limit": 1, "matter": bad}, "agency", "matter"),
        ("/imports", {"cases": [{"number": "1"}, {"title": bad}]}, "admin", "cases.1.title"),
        ("/imports", {"cases": [{"number": "1", bad: "x"}]}, "admin", "cases.0"),
        ("/complaints", complaint(3, title=f"拖欠工程款{bad}"), "enterprise", "title"),
        ("/complaints", {**complaint(3), bad: "x"}, "enterprise", "body"),
        ("/routing/preview", {"description": bad}, "enterprise", "description"),
    ]


async def test_a_text_that_no_database_keeps_is_refused_by_name_wherever_it_stands(here: Town) -> None:
    asked = [one for bad in ("合\x00同", "\ud800", "合\udfff同") for one in texts_no_database_keeps(here, bad)]
    for path, body, role, field in asked:
        answer = await here.post(path, body, role)
        explained(answer, path)
        assert answer.status_code == 422, path
        assert field in {wrong["field"] for wrong in answer.json()["errors"]}, path


async def test_a_text_in_another_encoding_hides_nothing(here: Town) -> None:
    headers = {"authorization": f"Bearer {here.system.token('agency', LEAD)}", "content-type": "application/json"}
    body = json.dumps({"text": "合\x00同", "met": True}).encode("utf-16")
    answer = await here.http.post(f"/api/v1/cases/{here.number}/replies", content=body, headers=headers)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "text")


async def test_an_address_that_no_database_can_be_asked_for_is_refused_by_name(here: Town) -> None:
    asked = [("/cases", "agency"), ("/cases", "q"), ("/parked/tracker", "number"), ("/supervision-orders", "agency")]
    for path, name in asked:
        answer = await here.get(path, "admin", **{name: "a\x00b"})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, name)
    answer = await here.post("/parked/tracker/%00", {}, "admin")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "number")


async def test_a_cursor_that_is_none_of_ours_is_told_so(here: Town) -> None:
    places = [("2026-03-10T02:00:00Z", "\x00"), *((moment, "x") for moment in MOMENTS)]
    for path in ("/cases", "/supervision-orders", "/reviews", "/triage", "/extension-requests"):
        for place in places:
            answer = await here.get(path, cursor=cursor(*place))
            assert (answer.status_code, answer.json()["type"]) == (422, f"{PROBLEM_PREFIX}cursor-invalid"), place


async def test_a_moment_that_nothing_can_be_reckoned_from_is_refused_by_name(here: Town) -> None:
    for moment in (*MOMENTS, 0, 253402300799, "2026-03-10T09:00:00"):
        body = {"text": "已付款", "met": True, "contacted_at": moment}
        answer = await here.post(f"/cases/{here.number}/replies", body)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "contacted_at"), moment
        answer = await here.get("/deadlines/preview", start=str(moment), limit="400")
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "start"), moment


async def test_a_day_that_nothing_can_be_counted_on_is_refused_by_name(here: Town) -> None:
    for path in ("/indicators", "/exports/cases.csv", "/exports/cases.xlsx"):
        for name, day in product(("from", "to"), ("0001-01-01", "9999-12-31", "2026-02-30", "２０２６-03-10")):
            answer = await here.get(path, **{name: day})
            assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, name), (path, day)


async def test_a_moment_is_the_same_in_every_zone(here: Town) -> None:
    for moment in ("2026-03-10T09:00:00+08:00", "2026-03-10T01:00:00Z", "2026-03-09T15:30:00-09:30"):
        body = {"text": f"已联系，{moment}", "met": True, "contacted_at": moment}
        told = (await here.post(f"/cases/{here.number}/replies", body)).json()["replies"][-1]
        assert told["contacted_at"] == "2026-03-10T01:00:00Z"


async def test_a_body_that_comes_in_pieces_is_too_large_all_the_same(here: Town) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b" " * 10_000

    answer = await here.http.post("/api/v1/complaints", content=pieces(), headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["type"]) == (413, f"{PROBLEM_PREFIX}too-large")


def forged(system: System) -> Iterator[tuple[str, str]]:
    """Tokens that a stranger could make, and what is wrong with them."""
    now = int(time.time())
    claims = {"iss": "yousu", "aud": "yousu", "exp": now + 3600, "sub": "x", "role": "admin"}
    yield "unsigned", jwt.encode(claims, "", algorithm="none", headers={"kid": "embedded"})
    public = issuer(system.settings).jwks["keys"][0]["x"]
    yield "signed with the public key", jwt.encode(claims, public, algorithm="HS256", headers={"kid": "embedded"})
    yield "expired", issuer(system.settings).token("admin", hours=-1)
    head, body, tail = system.token("agency", LEAD).split(".")
    yield "changed", f"{head}.{body[:-4]}AAAA.{tail}"
    yield "cut", f"{head}.{body}."


async def test_a_forged_token_opens_nothing(here: Town) -> None:
    for wrong, token in forged(here.system):
        for path in ("/api/v1/queue", f"/api/v1/cases/{here.number}", "/api/v1/parked/tracker", "/api/v1/triage"):
            answer = await here.http.get(path, headers={"authorization": f"Bearer {token}"})
            assert answer.status_code == 401, wrong
            assert token not in answer.text


async def test_another_agency_learns_nothing_and_changes_nothing(here: Town) -> None:
    before = (await here.get(f"/cases/{here.number}")).json()
    steps: dict[str, Any] = {
        "acceptance": {},
        "return": {"code": "NOT_OUR_DUTY", "reason": "不属于本单位职责"},
        "suspension": {"reason": "等待材料"},
        "resumption": {},
        "extension-requests": {"days": 3, "reason": "案情复杂"},
        "opinions": {"text": "同意"},
        "replies": {"text": "已办", "met": True},
        "resolution": {},
        "arrears": {"repaid": "1.00", "at": "2026-03-10T09:00:00+08:00", "evidence": "回单"},
    }
    for step, body in steps.items():
        answer = await here.post(f"/cases/{here.number}/{step}", body, agency="hn-wlt")
        assert answer.status_code == 404, step
        assert before["title"] not in answer.text
    assert (await here.get(f"/cases/{here.number}")).json() == before


async def test_the_same_step_many_times_at_once_is_one_step(here: Town) -> None:
    body = {"text": "款项已列入计划", "met": True}
    answers = await asyncio.gather(*(here.post(f"/cases/{here.number}/replies", body) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {201}
    case = (await here.get(f"/cases/{here.number}")).json()
    assert len(case["replies"]) == 1
    assert [entry["what"] for entry in case["timeline"]].count("replied") == 1


async def test_steps_that_exclude_each_other_at_once_leave_one_of_them(here: Town) -> None:
    given_back = {"code": "NOT_OUR_DUTY", "reason": "不属于本单位职责"}
    asked = [here.post(f"/cases/{here.number}/{step}", body) for step, body in [("return", given_back)] * 5]
    asked += [here.post(f"/cases/{here.number}/suspension", {"reason": "等待材料"}) for _ in range(5)]
    statuses = sorted(answer.status_code for answer in await asyncio.gather(*asked))
    assert statuses == [200] * 5 + [409] * 5
    seen = (await here.get(f"/cases/{here.number}")).json()
    moves = [entry["what"] for entry in seen["timeline"] if entry["what"] in ("returned", "suspended")]
    assert len(moves) == 1


FORMS = [
    *("enterprise=x&enterprise.name=y", "a.b.c=1&.=2&.x=3&x.=4", "contact.name=%00&contact=1", "%00=%00", "a=%ff"),
    *("refusal=x&refusal.code=y", "supplement.reason=%00&supplement.days=1e400", "matter=6.problem.4&note=%00"),
    *("number=%00&code=%00", "text=%ed%a0%80&once=%00", "token=%00", "once=" + "x" * 300),
    "&".join(f"a{place}=1" for place in range(1500)),
]


async def test_a_page_takes_whatever_a_form_says(here: Town) -> None:
    cookie = {"cookie": f"yousu_staff={here.system.token('supervisor')}"}
    paths = ["/", "/complaints", f"/complaints/{here.number}/rating", "/desk/sign-in", f"/desk/{here.held}/decision"]
    kinds = ("application/x-www-form-urlencoded", "multipart/form-data", "multipart/form-data; boundary=x")
    for path, form, kind in product([*paths, f"/desk/{here.held}/approval"], FORMS, kinds):
        answer = await here.http.post(path, content=form, headers={**cookie, "content-type": kind})
        assert answer.status_code < 500, (path, form)
        assert "Traceback" not in answer.text


@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
async def test_one_thing_wrong_anywhere_is_a_problem_in_words(here: Town, data: st.DataObject) -> None:
    sent = data.draw(hostile(here.targets))
    explained(await here.answer(sent), sent.wrong)
