"""A case of earlier records: what they say of it, and the number it gets here."""

import hashlib
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Literal

from shared.clock import SHANGHAI, in_shanghai
from shared.reference.identifiers import RANDOM_DIGITS, new_number, normalise_number, number_problem

CaseClass = Literal["foreign_invested", "arrears", "general", "simple"]
#: Grounds of a refusal, as the router's desk knows them.
REFUSAL_NAMES: dict[str, str] = {
    "LEGAL_PROCEDURE": "已进入或应当进入诉讼、仲裁、复议、监察程序",
    "IN_PETITION": "已进入信访程序",
    "DUPLICATE": "同一诉求正在办理",
    "ALREADY_DECIDED": "已有处理决定",
    "SECRET_OR_ILLEGAL": "涉及秘密或诉求违法",
    "OUT_OF_SCOPE": "不属于受理范围",
    "CIVIL_DISPUTE": "企业之间的民事纠纷",
    "INCOMPLETE": "要求补充后材料仍不全",
}
#: What each field is called, in the order of a case's life; also the columns of a file.
FIELDS: dict[str, str] = {
    "number": "原编号",
    "title": "标题",
    "description": "诉求内容",
    "region": "地区",
    "matter": "事项",
    "class": "类别",
    "filed_at": "收到时间",
    "returned_by": "曾派单位",
    "returned_from": "曾派时间",
    "returned_at": "退回时间",
    "return_code": "退回理由代码",
    "return_reason": "退回理由",
    "assigned_at": "派单时间",
    "lead_agency": "牵头单位",
    "co_agencies": "会办单位",
    "accepted_at": "签收时间",
    "suspended_at": "中止时间",
    "resumed_at": "继续办理时间",
    "extended_at": "延期批准时间",
    "extension_days": "延期工作日",
    "contacted_at": "联系时间",
    "replied_at": "首次答复时间",
    "reply": "答复内容",
    "met": "诉求是否满足",
    "claimed": "申报金额",
    "verified": "认定金额",
    "repaid": "已归还金额",
    "under_agreement": "达成协议金额",
    "stood_at": "金额截至时间",
    "evidence": "金额依据",
    "resolved_at": "办结时间",
    "rated_at": "评价时间",
    "grade": "评价等级",
    "solved": "是否解决",
    "refused_at": "不予受理时间",
    "refusal_code": "不予受理代码",
    "refusal_reason": "不予受理理由",
    "withdrawn_at": "撤回时间",
}
#: What comes after what; where one is left out, the next is held against the one before it.
ORDERS: tuple[tuple[str, ...], ...] = (
    ("filed_at", "returned_from", "returned_at", "assigned_at", "accepted_at", "replied_at", "resolved_at", "rated_at"),
    ("filed_at", "accepted_at", "suspended_at", "resumed_at", "resolved_at"),
    ("filed_at", "accepted_at", "extended_at", "resolved_at"),
    ("filed_at", "contacted_at", "replied_at"),
    ("filed_at", "stood_at"),
    ("filed_at", "returned_at", "assigned_at", "accepted_at", "replied_at", "refused_at"),
    ("filed_at", "returned_at", "assigned_at", "accepted_at", "replied_at", "withdrawn_at"),
)
#: A case ends in one way, and what ended is not suspended.
ENDINGS = ("resolved_at", "refused_at", "withdrawn_at")


@dataclass(frozen=True, slots=True)
class Past:
    """One case as earlier records tell it; money in yuan, None where they say nothing.

    A moment at midnight is a day of which the hour is not known.
    """

    number: str
    title: str
    region: str
    filed_at: datetime
    description: str = ""
    matter: str | None = None
    case_class: CaseClass = "general"
    returned_by: str | None = None
    returned_from: datetime | None = None
    returned_at: datetime | None = None
    return_code: str | None = None
    return_reason: str | None = None
    assigned_at: datetime | None = None
    lead_agency: str | None = None
    co_agencies: tuple[str, ...] = ()
    accepted_at: datetime | None = None
    suspended_at: datetime | None = None
    resumed_at: datetime | None = None
    extended_at: datetime | None = None
    extension_days: int | None = None
    contacted_at: datetime | None = None
    replied_at: datetime | None = None
    reply: str | None = None
    met: bool | None = None
    claimed: Decimal | None = None
    verified: Decimal | None = None
    repaid: Decimal | None = None
    under_agreement: Decimal | None = None
    stood_at: datetime | None = None
    evidence: str | None = None
    resolved_at: datetime | None = None
    rated_at: datetime | None = None
    grade: int | None = None
    solved: bool | None = None
    refused_at: datetime | None = None
    refusal_code: str | None = None
    refusal_reason: str | None = None
    withdrawn_at: datetime | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing is left to do."""
        return any(self.at(name) is not None for name in ENDINGS)

    def at(self, name: str) -> datetime | None:
        """One of its moments, by name."""
        found = getattr(self, name)
        return found if isinstance(found, datetime) else None

    @property
    def digest(self) -> str:
        """The same for the same record, whatever file it comes in."""
        told = "\n".join(f"{one.name}={_plain(getattr(self, one.name))}" for one in fields(self))
        return hashlib.sha256(told.encode()).hexdigest()


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return in_shanghai(value).isoformat()
    return f"{value:.2f}" if isinstance(value, Decimal) else repr(value)


def in_order(past: Past) -> Past:
    """The record with its days in their place: a step of the same day as an earlier one did not come before it."""
    for order in ORDERS:
        latest: datetime | None = None
        for name in order:
            moment = past.at(name)
            if moment is None:
                continue
            if latest is not None and moment < latest and _same_day(moment, latest):
                lifted: dict[str, Any] = {name: latest}
                past = replace(past, **lifted)
                moment = latest
            latest = max(moment, latest or moment)
    return past


def _same_day(moment: datetime, other: datetime) -> bool:
    """Whether this is a day without an hour, and the other a moment of it."""
    here = in_shanghai(moment)
    return here.time() == time() and here.date() == in_shanghai(other).date()


def number_of(past: Past, source: str, attempt: int = 0) -> str:
    """The case's number here: its own where it is one of ours, else one made of it, always the same.

    `attempt` counts those made before that belong to another case.
    """
    if number_problem(past.number) is None:
        return normalise_number(past.number)
    word = f"{source}\n{past.number}\n{attempt}".encode()
    digits = int(hashlib.sha256(word).hexdigest(), 16) % 10**RANDOM_DIGITS
    return new_number(in_shanghai(past.filed_at).date(), f"{digits:0{RANDOM_DIGITS}d}")


def moment_in(text: str) -> datetime:
    """A moment as people write it, in Asia/Shanghai where it names no zone; ValueError for anything else."""
    plain = text.strip().replace("/", "-").replace("年", "-").replace("月", "-").replace("日", " ").strip()
    day, _, hour = plain.replace("T", " ").partition(" ")
    parts = day.split("-")
    if len(parts) != 3 or not all(part.isdecimal() for part in parts):
        raise ValueError(text)
    civil = date(*(int(part) for part in parts))
    hour = hour.strip()
    if hour and ":" in hour and not hour[1].isdecimal():
        hour = f"0{hour}"
    clock = time.fromisoformat(hour) if hour else time()
    moment = datetime.combine(civil, clock)
    return moment.replace(tzinfo=SHANGHAI) if moment.tzinfo is None else moment
