"""What the router does with a fact, a dispatcher's decision, or a deadline."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, assert_never

from pydantic import TypeAdapter

from services.router.domain import (
    Assigned,
    Decision,
    NeedsTriage,
    Question,
    Reading,
    assign,
    assign_to,
    case_class,
    decide,
    respondents,
    without,
)
from services.router.settings import RouterSettings
from services.router.tables import DecisionRecord, Routing
from shared.calendar import Calendar, due
from shared.errors import Conflict, FieldError, Invalid, NotFound
from shared.events import Candidate, CaseResolved, ComplaintAssigned, ComplaintFiled, ComplaintHeld, ComplaintWithdrawn
from shared.reference import FALLBACK, Mapping
from shared.timers import Due
from shared.tx import Tx

_QUESTION = TypeAdapter(Question)
DEEMED = "deemed-accepted"
By = Literal["rules", "dispatcher"]


@dataclass(frozen=True, slots=True)
class Router:
    """What the handlers of the router need beside the transaction; `read` finds matters in a text."""

    mapping: Callable[[], Mapping]
    calendar: Callable[[], Calendar]
    read: Callable[[str, str], Sequence[Reading]]
    settings: RouterSettings

    def decision(self, question: Question) -> Decision:
        """What the rules say of this complaint today."""
        readings = () if question.matter else self.read(question.title, question.text)
        return decide(question, self.mapping(), readings)

    async def route(self, fact: ComplaintFiled, tx: Tx) -> None:
        """Assign the complaint or hold it for a person; one that is known already stays as it is."""
        if await tx.lock(Routing, fact.number) is not None:
            return
        question = Question(
            title=fact.title,
            text=fact.text,
            region=fact.region,
            matter=fact.matter,
            respondent=fact.respondent,
            respondent_agency=fact.respondent_agency,
            amount=fact.amount,
            foreign_invested=fact.foreign_invested,
        )
        kept = _QUESTION.dump_python(question, mode="json")
        row = Routing(number=fact.number, question=kept, filed_at=fact.at, state="new", candidates=[], reasons=[])
        tx.add(row)
        match self.decision(question):
            case Assigned() as found:
                self._assign(row, found, "rules", tx)
            case NeedsTriage() as held:
                self._hold(row, held, tx)
            case never:
                assert_never(never)

    def _hold(self, row: Routing, held: NeedsTriage, tx: Tx) -> None:
        row.state, row.held_at, row.reasons = "held", tx.now, list(held.reasons)
        row.candidates = [asdict(reading) for reading in held.candidates[:5]]
        candidates = tuple(Candidate(ref=r.ref, score=round(r.score, 4)) for r in held.candidates[:5])
        tx.publish(ComplaintHeld(number=row.number, at=tx.now, candidates=candidates, reasons=held.reasons))
        deemed_at = due(tx.now, self.settings.triage_working_days, "working_day", self.calendar())
        tx.schedule(DEEMED, row.number, deemed_at, name=str(row.assignment))

    def _assign(self, row: Routing, found: Assigned, by: By, tx: Tx, note: str | None = None) -> None:
        row.state, row.assignment = "assigned", row.assignment + 1
        version = self.mapping().version
        question = _QUESTION.validate_python(row.question)
        tx.insert(
            DecisionRecord,
            number=row.number,
            assignment=row.assignment,
            at=tx.now,
            lead_agency=found.lead,
            co_agencies=list(found.co_agencies),
            participants=list(found.participants),
            matter=found.matter,
            clause=found.clause,
            reasons=list(found.reasons),
            rules_version=version,
            decided_by=by,
            note=note,
        )
        tx.publish(
            ComplaintAssigned(
                number=row.number,
                at=tx.now,
                assignment=row.assignment,
                matter=found.matter,
                lead_agency=found.lead,
                co_agencies=found.co_agencies,
                participants=found.participants,
                case_class=found.case_class,
                filed_at=row.filed_at,
                title=question.title,
                region=question.region or "410000",
                amount=question.amount,
                reasons=found.reasons,
                clause=found.clause,
                rules_version=version,
                decided_by=by,
            )
        )

    async def dispatch(
        self, number: str, matter: str | None, agency: str | None, note: str | None, who: str, tx: Tx
    ) -> dict[str, Any]:
        """A dispatcher's decision on a held complaint, by matter or by agency; only the first one counts."""
        row = await tx.lock(Routing, number)
        if row is None:
            raise NotFound("没有这个受理编号", kind="no-such-complaint")
        if row.state != "held":
            raise Conflict("该投诉不在人工研判中，可能已由他人处理", kind="not-held", state=row.state)
        found = self._chosen(_QUESTION.validate_python(row.question), matter, agency, who)
        self._assign(row, found, "dispatcher", tx, note)
        return {"number": number, "state": row.state, "lead_agency": found.lead, "reasons": list(found.reasons)}

    def _chosen(self, question: Question, matter: str | None, agency: str | None, who: str) -> Assigned:
        mapping = self.mapping()
        if matter is not None:
            if matter not in mapping.matters:
                raise Invalid([FieldError("matter", "没有这个事项；应形如 6.problem.3")])
            found = assign(question, mapping.matters[matter], mapping, f"研判人员 {who} 定为事项 {matter}")
            if isinstance(found, Assigned):
                return found
            raise Invalid([FieldError("matter", "该事项由多个部门分工负责，请直接指定 agency")])
        if agency not in mapping.agencies:
            raise Invalid([FieldError("agency", "没有这个单位代码，全部单位见 /api/v1/agencies")])
        chosen = assign_to(question, str(agency), mapping, f"研判人员 {who} 指定单位")
        if chosen is None:
            raise Invalid([FieldError("agency", "该单位是被投诉单位，依回避规则不能承办")], kind="conflict-of-interest")
        return chosen

    async def deem_accepted(self, timer: Due, tx: Tx) -> None:
        """Nobody decided in time: the best candidate's lead handles it, else the fallback."""
        row = await tx.lock(Routing, timer.number)
        if row is None or row.state != "held" or timer.name != str(row.assignment):
            return
        question, mapping = _QUESTION.validate_python(row.question), self.mapping()
        why = f"{self.settings.triage_working_days} 个工作日内未研判，视为受理"
        found: Decision | None = None
        if row.candidates and (best := mapping.matters.get(row.candidates[0]["ref"])):
            found = assign(question, best, mapping, why)
        if not isinstance(found, Assigned):
            found = _fallback(question, mapping, why)
        self._assign(row, found, "rules", tx, note="deemed accepted")

    async def drop(self, fact: ComplaintWithdrawn | CaseResolved, tx: Tx) -> None:
        """The complaint ended; a dispatcher need not look at it any more."""
        row = await tx.lock(Routing, fact.number)
        if row is not None:
            row.state = "ended"


def _fallback(question: Question, mapping: Mapping, why: str) -> Assigned:
    lead, co, reasons = without([FALLBACK], respondents(question, mapping), mapping)
    return Assigned(lead, co, (), case_class(question, None), None, "省条例第5条", (why, *reasons))
