"""How the mapping, a complaint at the desk and a decision look from outside."""

from collections.abc import Sequence
from typing import Any, cast

from services.router import answers as say
from services.router.tables import DecisionRecord, Routing
from shared import reference


def matter(found: reference.Matter, mapping: reference.Mapping) -> say.Matter:
    def named(codes: Sequence[str]) -> list[say.AgencyName]:
        return [say.AgencyName(code=code, name=mapping.agency(code).name) for code in codes]

    return say.Matter(
        ref=found.ref,
        item=found.item,
        column=found.column,
        sequence=found.sequence,
        section=found.section,
        title=found.title,
        leads=named(found.leads),
        participants=named(found.participants),
        local=found.local,
    )


def agency(found: reference.Agency) -> say.Agency:
    heirs = [say.Successor(code=one.code, name=one.name, since=one.since) for one in found.successors]
    return say.Agency(
        code=found.code,
        name=found.name,
        level=found.level,
        region=found.region,
        aliases=list(found.aliases),
        successors=heirs,
    )


def held(row: Routing) -> say.HeldComplaint:
    """A complaint at the desk: its masked text, the candidates and why it is here."""
    asked = row.question
    return say.HeldComplaint(
        number=row.number,
        state=row.state,
        candidates=candidates(row.candidates),
        out_of_scope=row.out_of_scope,
        reasons=row.reasons,
        held_at=row.held_at,
        refusal=refusal(row),
        supplement=cast(say.AskedSupplement | None, row.supplement),
        reader=row.reader,
        title=asked["title"],
        text=asked["text"],
        region=asked.get("region"),
        matter=asked.get("matter"),
        respondent=asked.get("respondent"),
        respondent_agency=asked.get("respondent_agency"),
        amount=asked.get("amount"),
        foreign_invested=asked.get("foreign_invested", False),
    )


def held_whole(row: Routing) -> say.HeldComplaintDetail:
    """The same, with who returned it."""
    return say.HeldComplaintDetail(**held(row), returned_by=row.returned_by)


def decision(row: DecisionRecord) -> say.RoutingDecision:
    return say.RoutingDecision(
        assignment=row.assignment,
        at=row.at,
        lead_agency=row.lead_agency,
        co_agencies=row.co_agencies,
        participants=row.participants,
        matter=row.matter,
        clause=row.clause,
        reasons=row.reasons,
        candidates=candidates(row.candidates),
        rules_version=row.rules_version,
        decided_by=row.decided_by,
        note=row.note,
        reader=row.reader,
        proposed=row.proposed,
        returned_code=row.returned_code,
    )


def decided(number: str, row: Routing | None, last: DecisionRecord | None) -> say.TriageOutcome:
    """How it stands; with its last decision, where that holds."""
    shown = say.TriageOutcome(number=number, state=row.state if row else None, refusal=refusal(row) if row else None)
    if last is not None and row is not None and row.state == "assigned":
        shown["lead_agency"] = last.lead_agency
        shown["co_agencies"], shown["reasons"] = last.co_agencies, last.reasons
    return shown


def refusal(row: Routing) -> say.ProposedRefusal | None:
    return cast(say.ProposedRefusal | None, row.refusal)


def candidates(rows: list[dict[str, Any]]) -> list[say.Candidate]:
    return [say.Candidate(ref=one["ref"], score=one["score"]) for one in rows]
