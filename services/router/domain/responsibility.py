"""Who is named by a matter, in the report's five forms, and who may not be: 回避."""

from collections.abc import Sequence

from services.router.domain.values import Assigned, CaseClass, Decision, NeedsTriage, Question, Reading
from shared.reference import ABOVE_ALL, FALLBACK, LAST_RESORT, Agency, Mapping, Matter


def lead_of(question: Question, matter: Matter, mapping: Mapping) -> str:
    """Who would lead, before 回避; the matter itself where each answers for its own field."""
    if matter.form == "nobody":
        return mapping.office_of(question.region).code
    return matter.leads[0] if matter.leads else matter.ref


def assign(question: Question, matter: Matter, mapping: Mapping, why: str) -> Decision:
    """The agencies that the matter names, without the respondent."""
    named, participants, form = _named(question, matter, mapping)
    if not named:
        readings = (Reading(matter.ref, 1.0),)
        return NeedsTriage(readings, (why, "该事项由六个部门按职责分工负责，文字中看不出是哪个领域"))
    avoided = respondents(question, mapping)
    lead, co, reasons = without(named, avoided, mapping)
    return Assigned(
        lead=lead,
        co_agencies=co,
        participants=tuple(code for code in participants if code not in avoided and code != lead and code not in co),
        case_class=case_class(question, matter),
        matter=matter.ref,
        clause=f"附件1 第{matter.item}项 {'问题' if matter.column == 'problem' else '意见'} {matter.sequence}",
        reasons=(why, form, *reasons),
    )


def _named(question: Question, matter: Matter, mapping: Mapping) -> tuple[list[str], tuple[str, ...], str]:
    """Lead and co-agencies in the order named, participants, and which form of responsibility it was."""
    if matter.form == "nobody":
        office = mapping.office_of(question.region)
        return [office.code], matter.participants, f"该事项没有牵头单位，按所在地由{office.name}承办"
    if matter.form == "by_field":
        fields = _fields(question, matter)
        names = "、".join(mapping.agency(code).name for code in fields)
        return fields, (), f"该事项由各部门按职责分工负责，文字涉及的领域对应{names}"
    names = "、".join(mapping.agency(code).name for code in matter.leads)
    return list(matter.leads), matter.participants, f"该事项由{names}牵头"


def _fields(question: Question, matter: Matter) -> list[str]:
    """The agencies whose field the text speaks of, most often first."""
    text = question.title + question.text
    counts: dict[str, int] = {}
    for word, code in matter.fields.items():
        if found := text.count(word):
            counts[code] = counts.get(code, 0) + found
    return sorted(counts, key=lambda code: -counts[code])


def respondents(question: Question, mapping: Mapping) -> frozenset[str]:
    """Every agency code that is the body complained about, whether named by code or by name."""
    return mapping.codes_of(question.respondent_agency, question.respondent)


def without(
    named: Sequence[str], avoided: frozenset[str], mapping: Mapping
) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """Lead, co-agencies and reasons after 回避: the next named agency, else the fallback."""
    left = [code for code in named if code not in avoided]
    if len(left) == len(named):
        return left[0], tuple(left[1:]), ()
    gone = "、".join(_name(code, mapping) for code in named if code in avoided)
    if left:
        return left[0], tuple(left[1:]), (f"{gone}是被投诉单位，依回避规则由下一个单位{_name(left[0], mapping)}承办",)
    instead = fallback(avoided)
    return instead, (), (f"{gone}是被投诉单位，依回避规则由{_name(instead, mapping)}承办",)


def fallback(avoided: frozenset[str], rather_not: frozenset[str] = frozenset()) -> str:
    """Who answers when nobody else can; `rather_not` returned it before.

    At most two agencies are complained about, one by its code and one by its name: one of three is always left.
    """
    left = [code for code in (FALLBACK, LAST_RESORT, ABOVE_ALL) if code not in avoided]
    return next((code for code in left if code not in rather_not), left[0])


def _name(code: str, mapping: Mapping) -> str:
    agency: Agency | None = mapping.agencies.get(code)
    return agency.name if agency else code


def assign_to(question: Question, agency: str, mapping: Mapping, why: str) -> Assigned | None:
    """A dispatcher's choice of an agency; None when it is the respondent."""
    if agency in respondents(question, mapping):
        return None
    return Assigned(agency, (), (), case_class(question, None), None, "人工指定", (why,))


def case_class(question: Question, matter: Matter | None) -> CaseClass:
    """Foreign-invested, else arrears (by matter, or a sum claimed from a public body), else general."""
    if question.foreign_invested:
        return "foreign_invested"
    claimed = question.amount is not None and bool(question.respondent or question.respondent_agency)
    if (matter is not None and matter.arrears) or (matter is None and claimed):
        return "arrears"
    return "general"
