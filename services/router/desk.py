"""The triage desk: what dispatchers and supervisors decide on complaints that the machine would not.

The row is locked, so two dispatchers never decide the same complaint: the second is told that it is done.
"""

from dataclasses import dataclass
from typing import Any, Literal, assert_never

from services.router.domain import Assigned, Question, assign, assign_to
from services.router.handlers import UNANSWERED, WAITING, Router
from services.router.recording import wait_for_supplement
from services.router.standing import end_standing
from services.router.tables import Routing
from shared.auth import Principal
from shared.calendar import due
from shared.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from shared.events import ComplaintRefused, SupplementAsked
from shared.tx import Tx

RefusalCode = Literal[
    "LEGAL_PROCEDURE",
    "IN_PETITION",
    "DUPLICATE",
    "ALREADY_DECIDED",
    "SECRET_OR_ILLEGAL",
    "OUT_OF_SCOPE",
    "CIVIL_DISPUTE",
    "INCOMPLETE",
]

REFUSALS: dict[RefusalCode, str] = {
    "LEGAL_PROCEDURE": "已进入或应当进入诉讼、仲裁、复议、监察程序",
    "IN_PETITION": "已进入信访程序",
    "DUPLICATE": "同一诉求正在办理",
    "ALREADY_DECIDED": "已有处理决定",
    "SECRET_OR_ILLEGAL": "涉及秘密或诉求违法",
    "OUT_OF_SCOPE": "不属于受理范围",
    "CIVIL_DISPUTE": "企业之间的民事纠纷",
    "INCOMPLETE": "要求补充后材料仍不全",
}


@dataclass(frozen=True, slots=True)
class ByMatter:
    matter: str


@dataclass(frozen=True, slots=True)
class ByAgency:
    agency: str


@dataclass(frozen=True, slots=True)
class Refuse:
    code: RefusalCode
    reason: str


@dataclass(frozen=True, slots=True)
class DuplicateOf:
    number: str


@dataclass(frozen=True, slots=True)
class AskSupplement:
    """`days` are working days the complainant has."""

    reason: str
    days: int


Choice = ByMatter | ByAgency | Refuse | DuplicateOf | AskSupplement


@dataclass(frozen=True, slots=True)
class Desk:
    """The use cases of dispatchers and supervisors."""

    router: Router

    async def decide(self, number: str, choice: Choice, note: str | None, who: Principal, tx: Tx) -> dict[str, Any]:
        """A decision on a held complaint; only the first one counts."""
        row = await self._waiting(number, tx)
        question = self.router.question_of(row)
        match choice:
            case ByMatter(matter):
                await self.router.assign(row, self._by_matter(question, matter, who), "dispatcher", tx, note)
            case ByAgency(agency):
                await self.router.assign(row, self._by_agency(question, agency, who), "dispatcher", tx, note)
            case Refuse():
                await self._propose(row, choice, who, tx)
            case DuplicateOf(other):
                await self._duplicate(row, other, tx)
            case AskSupplement():
                self._ask(row, choice, tx)
            case never:
                assert_never(never)
        return {"number": number, "state": row.state, "refusal": row.refusal, "assignment": row.assignment}

    @staticmethod
    async def _waiting(number: str, tx: Tx) -> Routing:
        row = await tx.lock(Routing, number)
        if row is None:
            raise NotFound("没有这个受理编号", kind="no-such-complaint")
        if row.state not in WAITING:
            raise Conflict("该投诉不在人工研判中，可能已由他人处理", kind="not-held", state=row.state)
        return row

    def _by_matter(self, question: Question, matter: str, who: Principal) -> Assigned:
        mapping = self.router.mapping()
        if matter not in mapping.matters:
            raise Invalid([FieldError("matter", "没有这个事项；应形如 6.problem.3")])
        found = assign(question, mapping.matters[matter], mapping, f"研判人员 {who.subject} 定为事项 {matter}")
        if isinstance(found, Assigned):
            return found
        raise Invalid([FieldError("matter", "该事项由多个部门分工负责，请直接指定 agency")])

    def _by_agency(self, question: Question, agency: str, who: Principal) -> Assigned:
        mapping = self.router.mapping()
        if agency not in mapping.agencies:
            raise Invalid([FieldError("agency", "没有这个单位代码，全部单位见 /api/v1/agencies")])
        found = assign_to(question, agency, mapping, f"研判人员 {who.subject} 指定单位")
        if found is None:
            raise Invalid([FieldError("agency", "该单位是被投诉单位，依回避规则不能承办")], kind="conflict-of-interest")
        return found

    async def _propose(self, row: Routing, choice: Refuse, who: Principal, tx: Tx) -> None:
        """A supervisor's refusal holds at once, a dispatcher's waits for one; the limit runs on meanwhile."""
        if choice.code == "INCOMPLETE" and not row.paused_days:
            raise Conflict("须先要求补充材料，才能以材料不全为由不予受理", kind="supplement-first")
        row.refusal = {"code": choice.code, "reason": choice.reason, "by": who.subject, "at": tx.now.isoformat()}
        if who.role == "supervisor":
            await self._refuse(row, tx)

    async def approve(self, number: str, approved: bool, reason: str | None, who: Principal, tx: Tx) -> dict[str, Any]:
        """A supervisor's word on a proposed refusal; without approval the complaint waits for a decision again."""
        row = await self._waiting(number, tx)
        if row.refusal is None:
            raise Conflict("没有待批准的不予受理意见", kind="no-refusal-proposed", state=row.state)
        if row.refusal["by"] == who.subject:
            raise Forbidden("不能批准自己提出的不予受理意见", kind="own-refusal")
        if approved:
            await self._refuse(row, tx)
        else:
            row.refusal = None
            row.reasons = [*row.reasons, f"不予受理意见未获批准：{reason or '未说明理由'}"]
        return {"number": number, "state": row.state, "refusal": row.refusal}

    @staticmethod
    async def _refuse(row: Routing, tx: Tx, duplicate_of: str | None = None) -> None:
        said = row.refusal or {}
        row.state = "refused"
        await end_standing(row, tx)
        words = {"code": said["code"], "reason": said["reason"], "duplicate_of": duplicate_of}
        tx.publish(ComplaintRefused(number=row.number, at=tx.now, **words))

    async def _duplicate(self, row: Routing, other: str, tx: Tx) -> None:
        """The same demand is handled under another number; the complainant is told which."""
        first = await tx.lock(Routing, other) if other != row.number else None
        if first is None or first.enterprise != row.enterprise or first.state in ("refused", "ended"):
            raise Invalid([FieldError("duplicate_of", "应为同一企业另一件正在办理的投诉的受理编号")])
        row.refusal = {"code": "DUPLICATE", "reason": f"同一诉求正在办理，受理编号 {other}"}
        await self._refuse(row, tx, other)

    def _ask(self, row: Routing, choice: AskSupplement, tx: Tx) -> None:
        """The complainant is asked, the triage limit stands, for no longer than the cap in all."""
        left = self.router.settings.supplement_working_days - row.paused_days
        if row.state == "supplement":
            raise Conflict("已经要求补充材料，正在等待", kind="supplement-asked", state=row.state)
        if choice.days > left:
            raise Invalid([FieldError("supplement.days", f"补充材料累计不超过期限，现在最多还可给 {left} 个工作日")])
        due_at = due(tx.now, choice.days, "working_day", self.router.calendar())
        wait_for_supplement(row, choice.reason, choice.days, due_at)
        tx.schedule(UNANSWERED, row.number, due_at, name=str(row.held_times))
        tx.publish(SupplementAsked(number=row.number, at=tx.now, reason=choice.reason, due_at=due_at))
