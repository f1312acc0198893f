"""A morning's work of the agencies on what was filed, so that queues, board and metrics have something to show."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from decimal import ROUND_DOWN, Decimal

from shared.auth import Issuer
from shared.client import Client, Complaint, Filed

#: How far each ten complaints in a row come; the others are left in the queue.
FAR = ("", "accepted", "replied", "resolved", "resolved", "resolved", "", "resolved", "replied", "returned")
GRADES = (5, 4, 5, 3, 4, 5, 2)
ANSWER = "已核实情况并与企业联系，问题按要求办理，结果已当面告知。"
AT_ONCE = 8
PATIENCE_SECONDS = 30


async def work(origin: str, issuer: Issuer, filed: Sequence[Filed], seen: Sequence[Complaint]) -> int:
    """Agencies accept, reply, resolve or return; complainants rate. How many cases were taken up."""
    agencies = sorted({complaint.lead_agency for complaint in seen if complaint.lead_agency})
    async with AsyncExitStack() as open_:
        desks = {
            agency: await open_.enter_async_context(Client(origin, issuer.token("agency", agency=agency)))
            for agency in agencies
        }
        public = await open_.enter_async_context(Client(origin))
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(place: int) -> bool:
            agency = seen[place].lead_agency
            if agency is None or not FAR[place % len(FAR)]:
                return False
            async with gate:
                await _handle(desks[agency], public, filed[place], place)
            return True

        return sum(await asyncio.gather(*(one(place) for place in range(len(filed)))))


async def _handle(desk: Client, public: Client, filed: Filed, place: int) -> None:
    number, far = filed.number, FAR[place % len(FAR)]
    if far == "returned":
        body = {"code": "NOT_OUR_DUTY", "reason": "经核对职责分工，不属于本单位职责。"}
        await desk.request("POST", f"/api/v1/cases/{number}/return", json=body)
        return
    case = await desk.accept(number)
    if case.amount is not None and case.case_class == "arrears":
        await _record_arrears(desk, number, case.amount, place)
    if far == "accepted":
        return
    contacted = {"text": ANSWER, "met": place % 7 != 0, "contacted_at": datetime.now(UTC).isoformat()}
    await desk.request("POST", f"/api/v1/cases/{number}/replies", json=contacted)
    if far == "resolved":
        await desk.resolve(number)
        await _until_resolved(public, filed)
        grade = GRADES[place % len(GRADES)]
        await public.rate(number, filed.access_code, grade, solved=grade > 2)


async def _record_arrears(desk: Client, number: str, claimed: Decimal, place: int) -> None:
    """Three quarters verified, of that a part repaid and a part under agreement."""
    quarter = (claimed * 3 / 16).quantize(Decimal("0.01"), ROUND_DOWN)
    body = {
        "claimed": str(claimed),
        "verified": str(quarter * 4),
        "repaid": str(quarter * (place % 3)),
        "under_agreement": str(quarter),
        "at": datetime.now(UTC).isoformat(),
        "evidence": "双方对账单",
    }
    await desk.request("POST", f"/api/v1/cases/{number}/arrears", json=body)


async def _until_resolved(public: Client, filed: Filed) -> None:
    """What the agency did reaches the complainant within a moment."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (await public.look_up(filed.number, filed.access_code)).status != "resolved":  # noqa: ASYNC110 (over HTTP)
            await asyncio.sleep(0.05)
