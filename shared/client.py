"""A typed client of the HTTP contract: file, look up, add, rate, contest; pull the queue, claim, reply."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from types import TracebackType
from typing import Any, Self

import httpx
from pydantic import BaseModel, ConfigDict, Field

from shared.errors import YousuError


class Refused(YousuError):
    """The service answered with a problem; `type` is stable, `errors` name the fields."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(f"{status} {problem.get('detail') or problem.get('title') or ''}")
        self.status = status
        self.type = str(problem.get("type", ""))
        self.errors: list[dict[str, str]] = list(problem.get("errors", ()))
        self.problem = dict(problem)


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="allow")


class Filed(_Answer):
    """The receipt; the access code is told this once."""

    number: str
    access_code: str
    status: str


class Complaint(_Answer):
    """What the complainant sees; `asked` is what is to be supplemented, `possible` what the complainant may do now."""

    number: str
    status: str
    lead_agency: str | None = None
    co_agencies: list[str] = []
    deadlines: list[dict[str, Any]] = []
    asked: dict[str, Any] | None = None
    rated: int | None = None
    review: str | None = None
    possible: list[str] = []
    timeline: list[dict[str, Any]] = []


class Case(_Answer):
    """A case as its agency sees it; `fence` and `lease_until` when claimed."""

    number: str
    state: str
    version: int
    title: str
    lead_agency: str | None = None
    case_class: str = Field("general", alias="class")
    amount: Decimal | None = None
    urgent_at: datetime | None = None
    deadlines: list[dict[str, Any]] = []
    fence: int | None = None
    lease_until: datetime | None = None


class Page(_Answer):
    """One page of cases and the cursor of the next."""

    cases: list[Case]
    next: str | None = None


@dataclass
class Client:
    """Speaks to one origin; `token` for agencies and staff. Raises Refused on a problem, httpx errors on the road."""

    origin: str
    token: str | None = None
    timeout_seconds: float = 60
    transport: httpx.AsyncBaseTransport | None = None
    _http: httpx.AsyncClient = field(init=False)

    def __post_init__(self) -> None:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        self._http = httpx.AsyncClient(
            base_url=self.origin, headers=headers, timeout=self.timeout_seconds, transport=self.transport
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def request(self, method: str, path: str, **more: Any) -> Any:
        """The JSON answer; None when there is none."""
        response = await self._http.request(method, path, **more)
        if response.status_code >= 400:
            is_problem = "json" in response.headers.get("content-type", "")
            raise Refused(response.status_code, response.json() if is_problem else {"detail": response.text[:200]})
        return response.json() if response.content else None

    async def file(self, complaint: Mapping[str, Any], *, idempotency_key: str | None = None) -> Filed:
        """File a complaint; with a key it may be sent again safely."""
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        return Filed.model_validate(await self.request("POST", "/api/v1/complaints", json=complaint, headers=headers))

    async def look_up(self, number: str, access_code: str | None = None) -> Complaint:
        """How a complaint stands."""
        headers = {"X-Access-Code": access_code} if access_code else {}
        return Complaint.model_validate(await self.request("GET", f"/api/v1/complaints/{number}", headers=headers))

    async def supplement(
        self, number: str, access_code: str | None, text: str, *, idempotency_key: str | None = None
    ) -> Complaint:
        """Give more, asked or not; the complainant alone may, by access code or by the token it was filed under."""
        return await self._add(number, "supplements", access_code, {"text": text}, idempotency_key)

    async def rate(
        self,
        number: str,
        access_code: str | None,
        grade: int,
        *,
        solved: bool,
        comment: str | None = None,
        idempotency_key: str | None = None,
    ) -> Complaint:
        """Rate the resolution, once: `grade` 5 非常满意 … 1 非常不满意."""
        body = {"grade": grade, "solved": solved} | ({"comment": comment} if comment else {})
        return await self._add(number, "rating", access_code, body, idempotency_key)

    async def review(
        self, number: str, access_code: str | None, reason: str, *, idempotency_key: str | None = None
    ) -> Complaint:
        """Contest the resolution, once."""
        return await self._add(number, "review", access_code, {"reason": reason}, idempotency_key)

    async def withdraw(
        self,
        number: str,
        access_code: str | None = None,
        *,
        reason: str | None = None,
        idempotency_key: str | None = None,
    ) -> Complaint:
        """Take the complaint back."""
        return await self._add(number, "withdrawal", access_code, {"reason": reason} if reason else {}, idempotency_key)

    async def _add(
        self, number: str, what: str, code: str | None, body: Mapping[str, Any], key: str | None
    ) -> Complaint:
        headers = ({"X-Access-Code": code} if code else {}) | ({"Idempotency-Key": key} if key else {})
        answer = await self.request("POST", f"/api/v1/complaints/{number}/{what}", json=body, headers=headers)
        return Complaint.model_validate(answer)

    async def queue(self, *, limit: int = 50, cursor: str | None = None, wait_seconds: float = 0) -> Page:
        """The agency's open cases, most urgent first."""
        query = {"limit": limit, "wait": wait_seconds} | ({"cursor": cursor} if cursor else {})
        return Page.model_validate(await self.request("GET", "/api/v1/queue", params=query))

    async def claim(self, *, limit: int = 10, lease_seconds: int = 300) -> list[Case]:
        """Take the most urgent free cases for a while."""
        body = {"limit": limit, "lease_seconds": lease_seconds}
        return Page.model_validate(await self.request("POST", "/api/v1/queue/claims", json=body)).cases

    async def renew(self, case: Case, *, lease_seconds: int = 300) -> None:
        body = {"fence": case.fence, "lease_seconds": lease_seconds}
        await self.request("PUT", f"/api/v1/queue/claims/{case.number}", json=body)

    async def release(self, case: Case) -> None:
        await self.request("DELETE", f"/api/v1/queue/claims/{case.number}", params={"fence": case.fence})

    async def case(self, number: str) -> Case:
        return Case.model_validate(await self.request("GET", f"/api/v1/cases/{number}"))

    async def accept(self, number: str, *, fence: int | None = None) -> Case:
        return await self._step(number, "acceptance", {}, fence)

    async def reply(self, number: str, text: str, *, met: bool, fence: int | None = None) -> Case:
        return await self._step(number, "replies", {"text": text, "met": met}, fence)

    async def resolve(self, number: str, *, fence: int | None = None) -> Case:
        return await self._step(number, "resolution", {}, fence)

    async def _step(self, number: str, step: str, body: Mapping[str, Any], fence: int | None) -> Case:
        headers = {"X-Fence": str(fence)} if fence is not None else {}
        return Case.model_validate(
            await self.request("POST", f"/api/v1/cases/{number}/{step}", json=body, headers=headers)
        )
