"""Complaints that live as their people make them live: each life is a row of steps, taken one at a time."""

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from shared.auth import Role
from shared.client import Client, Filed
from shared.clock import in_shanghai
from tests.samples import UNCLEAR, complaint

LEAD, CO = "hn-gxt", "hn-czt"
Life = AsyncGenerator[None, None]


class Speaking(Protocol):
    """A client of the system that speaks as somebody."""

    def __call__(self, role: Role | None = None, agency: str | None = None) -> Client: ...


@dataclass
class People:
    """Everybody who speaks to the system; `codes` are the access codes that enterprises got, by number."""

    speaking: Speaking
    now: Callable[[], datetime]
    codes: dict[str, str] = field(default_factory=dict)

    async def file(self, seed: int, **changes: Any) -> str:
        async with self.speaking() as client:
            filed: Filed = await client.file(complaint(seed, **changes))
        self.codes[filed.number] = filed.access_code
        return filed.number

    async def ask(
        self, role: Role, method: str, path: str, body: Any = None, agency: str | None = None, **more: Any
    ) -> Any:
        given = {} if body is None else {"json": body}
        async with self.speaking(role, agency) as client:
            return await client.request(method, f"/api/v1{path}", **given, **more)

    async def says(self, number: str, what: str, **body: Any) -> None:
        """The complainant says this."""
        headers = {"X-Access-Code": self.codes[number]}
        async with self.speaking() as client:
            await client.request("POST", f"/api/v1/complaints/{number}/{what}", json=body, headers=headers)

    async def case(self, number: str) -> Any:
        return await self.ask("supervisor", "GET", f"/cases/{number}")

    async def leads(self, number: str, step: str, **body: Any) -> None:
        """The lead agency takes this step."""
        lead = (await self.case(number))["lead_agency"]
        await self.ask("agency", "POST", f"/cases/{number}/{step}", body, lead)

    async def decides(self, number: str, role: Role = "dispatcher", **choice: Any) -> None:
        """At the triage desk."""
        await self.ask(role, "POST", f"/triage/{number}/decision", choice)

    async def supervises(self, path: str, **body: Any) -> None:
        await self.ask("supervisor", "POST", path, body)


async def praised(people: People, seed: int) -> Life:
    number = await people.file(seed)
    yield
    await people.leads(number, "acceptance")
    yield
    await people.leads(number, "replies", text="已付款", met=True, contacted_at=people.now().isoformat())
    await people.ask("agency", "POST", f"/cases/{number}/opinions", {"text": "资金已落实"}, CO)
    yield
    await people.leads(number, "resolution")
    yield
    await people.says(number, "rating", grade=5, solved=True, comment="很快")
    yield


async def handled_again(people: People, seed: int) -> Life:
    """A bad rating reopens it, the next resolution is contested, and does not stand."""
    number = await people.file(seed)
    yield
    await people.leads(number, "acceptance")
    await people.leads(number, "replies", text="已研究", met=False)
    yield
    await people.leads(number, "resolution")
    yield
    await people.says(number, "rating", grade=1, solved=False)
    yield
    await people.leads(number, "acceptance")
    await people.leads(number, "replies", text="已付款", met=True)
    await people.leads(number, "resolution")
    yield
    await people.says(number, "review", reason="只付了一半")
    yield
    await people.supervises(f"/cases/{number}/review-decision", upheld=False, reason="核实属实")
    yield


async def returned(people: People, seed: int) -> Life:
    number = await people.file(seed)
    yield
    await people.leads(number, "return", code="NOT_OUR_DUTY", reason="不属于本单位职责")
    yield
    if (await people.ask("dispatcher", "GET", f"/triage/{number}"))["state"] == "held":
        await people.decides(number, agency="hn-fgw", note="按职责")
    yield
    await people.leads(number, "acceptance")
    yield


async def unclear(people: People, seed: int) -> Life:
    """A person asks for more, gets it, and decides."""
    number = await people.file(seed, **UNCLEAR)
    yield
    await people.decides(number, supplement={"reason": "请说明是什么事", "days": 3})
    yield
    await people.says(number, "supplements", text="还是说不清楚的那件事")
    yield
    await people.decides(number, matter="4.problem.2")
    yield
    await people.leads(number, "acceptance")
    yield


async def refused(people: People, seed: int) -> Life:
    number = await people.file(seed, **UNCLEAR)
    yield
    await people.decides(number, "supervisor", refusal={"code": "OUT_OF_SCOPE", "reason": "不属于受理范围"})
    yield


async def withdrawn(people: People, seed: int) -> Life:
    number = await people.file(seed)
    yield
    await people.leads(number, "acceptance")
    yield
    await people.says(number, "withdrawal")
    yield


async def repeated(people: People, seed: int) -> Life:
    """The same enterprise on the same matter again, and then the first is taken back."""
    first = await people.file(seed)
    yield
    await people.file(seed)
    yield
    await people.says(first, "withdrawal")
    yield
    await people.file(seed)
    yield


async def owed(people: People, seed: int) -> Life:
    """Arrears, with a pause, more time, a sum recorded and an order answered."""
    number = await people.file(seed, amount="1260000.00")
    yield
    await people.leads(number, "acceptance")
    yield
    await people.leads(number, "suspension", reason="请补充合同", why="supplement")
    yield
    await people.says(number, "supplements", text="合同在此")
    yield
    await people.leads(number, "extension-requests", days=5, reason="需要审计")
    yield
    await people.supervises(f"/extension-requests/YQ{number}-1/decision", approved=True)
    sums = {"verified": "1000000.00", "repaid": "400000.00", "under_agreement": "500000.00"}
    await people.leads(number, "arrears", **sums, at=people.now().isoformat(), evidence="还款协议")
    yield
    await people.supervises(f"/cases/{number}/supervision-orders", reason="久拖未决", days=3)
    yield
    await people.ask("agency", "POST", f"/supervision-orders/DB{number}-1/reply", {"text": "已列入计划"}, LEAD)
    yield


async def brought_in(people: People, seed: int) -> Life:
    """Earlier records: late and open, without an agency, given back."""
    then = in_shanghai(people.now() - timedelta(days=30)).replace(tzinfo=None)

    def at(day: int) -> str:
        return f"{then + timedelta(days=day):%Y-%m-%d %H:%M}"

    late = {"title": "镇政府拖欠工程款", "filed_at": at(0), "assigned_at": at(1), "lead_agency": LEAD}
    sums = {"claimed": "90000.00", "verified": "80000.00", "repaid": "30000.00", "stood_at": at(9), "evidence": "台账"}
    unrouted = {"title": "有事相求", "description": UNCLEAR["description"], "filed_at": at(2)}
    back = {"returned_by": LEAD, "returned_from": at(3), "returned_at": at(4), "return_code": "NOT_OUR_DUTY"}
    cases = [
        {**late, "accepted_at": at(2)},
        {**late, "accepted_at": at(2), **sums},
        unrouted,
        {**unrouted, "title": "中标后迟迟不签合同", **back},
    ]
    named = [{"number": f"{seed}-{place}", "region": "410102", **case} for place, case in enumerate(cases)]
    await people.ask("admin", "POST", "/imports", {"source": "旧系统", "cases": named})
    yield


LIVES: tuple[Callable[[People, int], Life], ...] = (
    praised,
    handled_again,
    returned,
    unclear,
    refused,
    withdrawn,
    repeated,
    owed,
    brought_in,
)
#: More steps than the longest life has.
LONGEST = 9


@dataclass
class Lives:
    """Lives under way; those of one kind begin one after another, so that soon every stage is there."""

    people: People
    under_way: list[Life] = field(default_factory=list)
    begun: int = 0

    def begin(self) -> None:
        """One more of each."""
        for kind in LIVES:
            self.begun += 1
            self.under_way.append(kind(self.people, self.begun))

    async def go_on(self) -> None:
        """Everybody takes the next step."""
        still = []
        for life in self.under_way:
            if await anext(life, _OVER) is not _OVER:
                still.append(life)
        self.under_way = still


_OVER = object()
