"""What contradicts itself in a case of earlier records: all of it, each with what would be right."""

from collections.abc import Iterator
from datetime import date, datetime, time

from services.tracker.domain.arrears import Totals, fault
from services.tracker.domain.history import ENDINGS, FIELDS, ORDERS, Past
from shared.clock import in_shanghai
from shared.errors import FieldError

#: The first day of the calendar (shared/calendar/years).
EARLIEST = date(2004, 1, 1)
_AMOUNTS = ("claimed", "verified", "repaid", "under_agreement")
#: Fields that only make sense with another one.
_NEEDS: tuple[tuple[str, str], ...] = (
    ("lead_agency", "assigned_at"),
    ("assigned_at", "lead_agency"),
    ("co_agencies", "lead_agency"),
    ("accepted_at", "assigned_at"),
    ("returned_by", "returned_at"),
    ("returned_at", "returned_by"),
    ("returned_at", "returned_from"),
    ("returned_at", "return_code"),
    ("returned_from", "returned_at"),
    ("return_code", "returned_at"),
    ("return_reason", "returned_at"),
    ("suspended_at", "accepted_at"),
    ("resumed_at", "suspended_at"),
    ("extended_at", "accepted_at"),
    ("extended_at", "extension_days"),
    ("extension_days", "extended_at"),
    ("resolved_at", "replied_at"),
    ("contacted_at", "replied_at"),
    ("replied_at", "accepted_at"),
    ("replied_at", "met"),
    ("reply", "replied_at"),
    ("met", "replied_at"),
    ("verified", "accepted_at"),
    ("verified", "stood_at"),
    ("repaid", "verified"),
    ("under_agreement", "verified"),
    ("stood_at", "verified"),
    ("evidence", "verified"),
    ("rated_at", "resolved_at"),
    ("rated_at", "grade"),
    ("rated_at", "solved"),
    ("grade", "rated_at"),
    ("solved", "rated_at"),
    ("refused_at", "refusal_code"),
    ("refusal_code", "refused_at"),
    ("refusal_reason", "refused_at"),
)


def faults(past: Past, now: datetime) -> list[FieldError]:
    """All that this record says wrong, each with what would be right."""
    return [*_missing(past), *_times(past, now), *_amounts(past), *_endings(past)]


def _missing(past: Past) -> Iterator[FieldError]:
    told: set[str] = set()
    for name, needed in _NEEDS:
        if needed not in told and _given(past, name) and not _given(past, needed):
            told.add(needed)
            hint = "；没有单独的答复时间时，填办结时间" if (name, needed) == ("resolved_at", "replied_at") else ""
            yield FieldError(needed, f"填写了{FIELDS[name]}（{name}），{FIELDS[needed]}必填{hint}")


def _given(past: Past, name: str) -> bool:
    return getattr(past, name) not in (None, ())


def _times(past: Past, now: datetime) -> Iterator[FieldError]:
    told: set[str] = set()
    for order in ORDERS:
        latest, before = None, ""
        for name in order:
            moment = past.at(name)
            if moment is None:
                continue
            if latest is not None and moment < latest and name not in told:
                told.add(name)
                earlier = f"{FIELDS[before]}（{before} {_shown(latest)}）"
                yield FieldError(name, f"{FIELDS[name]} {_shown(moment)} 不能早于{earlier}，请核对")
            if latest is None or moment >= latest:
                latest, before = moment, name
    for name in FIELDS:
        moment = past.at(name) if name in Past.__dataclass_fields__ else None
        if moment is not None and moment > now:
            yield FieldError(name, f"{FIELDS[name]} {_shown(moment)} 不能晚于现在")
    if in_shanghai(past.filed_at).date() < EARLIEST:
        yield FieldError("filed_at", f"{_shown(past.filed_at)} 早于工作日历，最早为 {EARLIEST}")


def _shown(moment: datetime) -> str:
    here = in_shanghai(moment)
    return f"{here:%Y-%m-%d}" if here.time() == time() else f"{here:%Y-%m-%d %H:%M}"


def _amounts(past: Past) -> Iterator[FieldError]:
    given = [name for name in _AMOUNTS if _given(past, name)]
    if given and past.case_class != "arrears":
        yield FieldError(given[0], "只有拖欠账款类（class 为 arrears）填写金额；类别不填时按金额判断")
    if past.verified is not None:
        wrong = fault(Totals(past.claimed, past.verified, past.repaid, past.under_agreement))
        if wrong is not None:
            yield wrong


def _endings(past: Past) -> Iterator[FieldError]:
    ended = [name for name in ENDINGS if past.at(name) is not None]
    for name in ended[1:]:
        yield FieldError(name, f"已填{FIELDS[ended[0]]}（{ended[0]}），一个办件只能以一种方式结束")
    if ended and past.suspended_at is not None and past.resumed_at is None:
        yield FieldError("resumed_at", f"已填{FIELDS[ended[0]]}，中止须在此前结束；填写继续办理时间")
    if past.returned_at is not None and past.returned_by == past.lead_agency:
        yield FieldError("lead_agency", "退回后重新派给的单位，不能是退回的单位")
