"""The indicators by time, agency, region and matter: the figures of the page, the export and the metric."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query

from services.tracker.api.callers import Here, Official
from services.tracker.handlers import Tracker
from services.tracker.numbers.answers import FiguresNow, GroupFigures, Indicator, IndicatorReport
from services.tracker.numbers.contributions import city_code
from services.tracker.numbers.definitions import FEN, INDICATORS, Value
from services.tracker.numbers.measures import DAILY, MEASURES, NOW
from services.tracker.numbers.store import Group, Numbers, Question, numbers
from shared.auth import Principal
from shared.clock import in_shanghai
from shared.errors import FieldError, Forbidden, Invalid
from shared.reference import Region, current, rules
from shared.runtime import Service
from shared.web.answers import Answering
from shared.web.moments import FIRST, LAST

routes = APIRouter(prefix="/api/v1", tags=["numbers"], route_class=Answering)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
Word = Annotated[str | None, Query(max_length=40)]


@routes.get("/indicators")
async def indicators(
    here: Here,
    caller: Official,
    start: Annotated[str | None, Query(alias="from", max_length=40)] = None,
    end: Annotated[str | None, Query(alias="to", max_length=40)] = None,
    agency: Word = None,
    region: Word = None,
    matter: Word = None,
    group: Group | None = None,
) -> IndicatorReport:
    """Every indicator with both its numbers, over days in Asia/Shanghai, both included; an agency sees its own.

    Without `from` since the beginning, without `to` up to today.
    """
    asked = question_of(caller, start, end or _today(here), agency, region, matter, group)
    async with here.database.reading() as session:
        found = await numbers(session, asked)
        whole = await numbers(session, _ungrouped(asked)) if group else found
    told = _told(whole.get("", {}))
    answer: IndicatorReport = {
        "from": asked.start,
        "to": asked.end,
        "agency": asked.agency,
        "matter": asked.matter,
        "region": asked.region,
        "note": _note(region),
        "indicators": told["indicators"],
        "counts": told["counts"],
        "now": told["now"],
    }
    if group is not None:
        answer["group"], answer["groups"] = group, [_one(group, key, found[key]) for key in sorted(found)]
    return answer


def _today(here: Service[Tracker]) -> str:
    return in_shanghai(here.clock.now()).date().isoformat()


def question_of(
    caller: Principal,
    start: str | None,
    end: str | None,
    agency: str | None,
    region: str | None,
    matter: str | None,
    group: Group | None,
) -> Question:
    """The question, when every part of it means something; Invalid with all that does not."""
    faults: list[FieldError] = []
    first, last = _day("from", start, faults), _day("to", end, faults)
    if first and last and last < first:
        faults.append(FieldError("to", f"不能早于 from（{first}）"))
    if agency is not None and not any(agency in version.agencies for version in _versions()):
        faults.append(FieldError("agency", "没有这个单位代码，全部单位见 /api/v1/agencies"))
    if matter is not None and not any(matter in version.matters for version in _versions()):
        faults.append(FieldError("matter", "没有这个事项，全部事项见 /api/v1/matters"))
    if region is not None and _division(region) is None:
        faults.append(
            FieldError("region", "没有这个行政区划代码；可填市或县（市、区）的六位代码，县（市、区）按所属市统计")
        )
    if faults:
        raise Invalid(faults)
    city = city_code(region) or None if region else None
    return Question(first, last, _own(caller, agency), city, matter, group)


def _versions() -> list[Any]:
    """The mapping in force first; what an older one named was counted too."""
    return [current(), *rules().versions.values()]


def _division(code: str) -> Region | None:
    return next((version.regions[code] for version in _versions() if code in version.regions), None)


def _day(field: str, word: str | None, faults: list[FieldError]) -> date | None:
    if word is None:
        return None
    try:
        if not _DAY.fullmatch(word) or not FIRST <= int(word[:4]) <= LAST:
            raise ValueError
        return date.fromisoformat(word)
    except ValueError:
        faults.append(FieldError(field, "应为日期，例如 2026-03-10"))
        return None


def _own(caller: Principal, agency: str | None) -> str | None:
    """The agency asked about; an agency asks about itself alone."""
    if caller.role != "agency":
        return agency
    if agency not in (None, caller.agency):
        raise Forbidden("只能查看本单位的指标", kind="not-own-agency")
    return caller.agency


def _ungrouped(asked: Question) -> Question:
    return Question(asked.start, asked.end, asked.agency, asked.region, asked.matter)


def _note(region: str | None) -> str | None:
    """How the region that was asked about is counted."""
    division = _division(region) if region else None
    if division is None or division.level == "city":
        return None
    if division.level == "province":
        return f"{division.name}即全省，含未注明城市的投诉"
    city = _division(city_code(division.code))
    return f"{division.name}按所属的{city.name if city else city_code(division.code)}统计"


def _told(found: Numbers) -> FiguresNow:
    """These numbers as indicators, as raw counts, and as what is so now."""
    rates = [told(indicator.of(found)) for indicator in INDICATORS]
    return FiguresNow(indicators=rates, counts=_counts(found, DAILY), now=_counts(found, NOW))


def told(value: Value) -> Indicator:
    """An indicator with both its numbers; money in yuan."""
    indicator, yuan = value.indicator, value.indicator.unit == "yuan"
    return Indicator(
        name=indicator.name,
        label=indicator.label,
        definition=indicator.definition,
        unit=indicator.unit,
        numerator=value.numerator / FEN if yuan else value.numerator,
        denominator=value.denominator / FEN if yuan else value.denominator,
        value=value.value,
    )


def _counts(found: Numbers, measures: Mapping[str, Any]) -> dict[str, float]:
    """Every one of these measures, what is nothing too; money in yuan."""
    return {name: found.get(name, 0) / FEN if MEASURES[name].unit == "fen" else found.get(name, 0) for name in measures}


def _one(group: Group, key: str, found: Numbers) -> GroupFigures:
    """One group; `key` is null for what names no agency, city or matter. Days have no `now`."""
    told = GroupFigures(key=key or None, label=label(group, key), **_told(found))
    if group in ("day", "month"):
        del told["now"]
    return told


def label(group: Group, key: str) -> str:
    match group:
        case "agency":
            named = next((version.agencies[key].name for version in _versions() if key in version.agencies), key)
            return named or "未派单"
        case "region":
            division = _division(key)
            return (division.name if division else key) or "未注明城市"
        case "matter":
            titled = next((version.matters[key].title for version in _versions() if key in version.matters), key)
            return titled or "未定事项"
        case _:
            return key
