"""The decision, pure and explained: matter, then who is named, then who may not be, then which class of case.

The five forms of responsibility and the rules on top are those of 附件 1 of the 2022 report and of domain words
牵头、会办、责任单位; every decision lists its reasons in Chinese.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from shared.reference import FALLBACK, LAST_RESORT, Agency, Mapping, Matter

CaseClass = Literal["foreign_invested", "arrears", "general", "simple"]


@dataclass(frozen=True, slots=True)
class Question:
    """What routing looks at; `amount` in yuan, texts masked."""

    title: str
    text: str
    region: str | None = None
    matter: str | None = None
    respondent: str | None = None
    respondent_agency: str | None = None
    amount: Decimal | None = None
    foreign_invested: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """One matter a reader found in the text; `score` in 0..1."""

    ref: str
    score: float


@dataclass(frozen=True, slots=True)
class Assigned:
    """The lead agency and everyone named with it, and why."""

    lead: str
    co_agencies: tuple[str, ...]
    participants: tuple[str, ...]
    case_class: CaseClass
    matter: str | None
    clause: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NeedsTriage:
    """A person decides; the candidates are the machine's best readings, best first."""

    candidates: tuple[Reading, ...]
    reasons: tuple[str, ...]


Decision = Assigned | NeedsTriage

#: A reading below this is no reading; two closer than the margin are not told apart.
SURE = 0.75
MARGIN = 0.2


def decide(question: Question, mapping: Mapping, readings: Sequence[Reading] = ()) -> Decision:
    """Who handles it: by the chosen matter, else by what the text says when that is plain, else a person."""
    if question.matter is not None:
        if question.matter not in mapping.matters:
            return NeedsTriage(tuple(readings), (f"所选事项 {question.matter} 不在现行事项表 {mapping.version} 中",))
        matter = mapping.matters[question.matter]
        return assign(question, matter, mapping, f"企业选择了事项 {matter.ref}（{matter.title}）")
    best = plain(readings)
    if best is None:
        return NeedsTriage(tuple(readings), ("没有选择事项，从文字也不能确定，由人工研判",))
    matter = mapping.matters[best.ref]
    return assign(question, matter, mapping, f"按文字判断为事项 {matter.ref}（{matter.title}），把握 {best.score:.0%}")


def plain(readings: Sequence[Reading]) -> Reading | None:
    """The best reading, when it is sure and stands clear of the next."""
    ordered = sorted(readings, key=lambda reading: -reading.score)
    if not ordered or ordered[0].score < SURE:
        return None
    if len(ordered) > 1 and ordered[0].score - ordered[1].score < MARGIN:
        return None
    return ordered[0]


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
    found = {question.respondent_agency} if question.respondent_agency else set()
    if question.respondent and (agency := mapping.find_agency(question.respondent)):
        found.add(agency.code)
    return frozenset(found)


def without(
    named: Sequence[str], avoided: frozenset[str], mapping: Mapping
) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """Lead, co-agencies and reasons after 回避: the next named agency, else the fallback, else the last resort."""
    left = [code for code in named if code not in avoided]
    if len(left) == len(named):
        return left[0], tuple(left[1:]), ()
    gone = "、".join(_name(code, mapping) for code in named if code in avoided)
    if left:
        return left[0], tuple(left[1:]), (f"{gone}是被投诉单位，依回避规则由下一个单位{_name(left[0], mapping)}承办",)
    instead = FALLBACK if FALLBACK not in avoided else LAST_RESORT
    return instead, (), (f"{gone}是被投诉单位，依回避规则由{_name(instead, mapping)}承办",)


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
