"""Records of earlier cases as they are sent: text as people write it, read field by field."""

import re
from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError

from services.tracker.domain.history import REFUSAL_NAMES, CaseClass, Past, in_order, moment_in
from services.tracker.handlers.steps import RETURN_NAMES
from shared.errors import FieldError
from shared.reference import Mapping as Reference
from shared.reference import current, rules
from shared.web.problems import field_errors

_CLASSES: dict[str, CaseClass] = {
    "一般": "general",
    "拖欠账款": "arrears",
    "外商投资": "foreign_invested",
    "简单": "simple",
}
_GRADES = {"非常满意": 5, "满意": 4, "基本满意": 3, "不满意": 2, "非常不满意": 1}
_YES = {"是", "true", "yes", "1"}
_NO = {"否", "false", "no", "0"}
_BETWEEN = re.compile(r"[、,，;；]")


def _text(value: object) -> object:
    return value.strip() if isinstance(value, str) else value


def _moment(value: object) -> datetime:
    try:
        if isinstance(value, str):
            return moment_in(value)
    except ValueError:
        pass
    raise ValueError("应为日期或时间，例如 2022-03-01、2022-03-01 09:30")


def _yes(value: object) -> bool:
    word = str(value).strip().lower()
    if word in _YES | _NO:
        return word in _YES
    raise ValueError("应为 是 或 否")


def _grade(value: object) -> int:
    word = str(value).strip()
    found = _GRADES.get(word) or (int(word) if word.isdecimal() and len(word) == 1 else 0)
    if found not in range(1, 6):
        raise ValueError(f"应为 1 至 5，或其中之一：{'、'.join(_GRADES)}")
    return found


def _yuan(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError('应为带引号的金额，例如 "1260000.00"')
    return value.strip().replace(",", "").removesuffix("元")


def _class(value: object) -> object:
    word = str(value).strip()
    if word in _CLASSES or word in _CLASSES.values():
        return _CLASSES.get(word, word)
    raise ValueError(f"应为其中之一：{'、'.join(f'{code}（{name}）' for name, code in _CLASSES.items())}")


def _versions() -> list[Reference]:
    """The mapping in force first; earlier records may name what an older one did."""
    return [current(), *rules().versions.values()]


def _agency(word: str) -> str:
    for version in _versions():
        if (found := version.find_agency(word)) is not None:
            return found.code
    raise ValueError(f"没有这个单位：{word}；应为单位代码或名称，全部单位见 /api/v1/agencies")


def _agencies(value: object) -> object:
    words = _BETWEEN.split(value) if isinstance(value, str) else value
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise ValueError("应为单位代码或名称，多个之间用顿号隔开")
    return tuple(word.strip() for word in words if word.strip())


def _region(word: str) -> str:
    for version in _versions():
        named = [region.code for region in version.regions.values() if region.name == word]
        if word in version.regions or len(named) == 1:
            return word if word in version.regions else named[0]
    raise ValueError(f"没有这个地区：{word}；应为河南省的行政区划代码（6 位），或不重名的名称，例如 郑州市")


def _matter(word: str) -> str:
    if not any(word in version.matters for version in _versions()):
        raise ValueError(f"没有这个事项：{word}；例如 6.problem.4，全部事项见 /api/v1/matters")
    return word


def _one_of(names: Mapping[str, str]) -> Any:
    def check(word: str) -> str:
        if word not in names:
            raise ValueError(f"应为其中之一：{'、'.join(f'{code}（{name}）' for code, name in names.items())}")
        return word

    return AfterValidator(check)


def _words(least: int, most: int) -> Any:
    return StringConstraints(strip_whitespace=True, min_length=least, max_length=most)


Moment = Annotated[datetime, BeforeValidator(_moment)]
Yes = Annotated[bool, BeforeValidator(_yes)]
Yuan = Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=2), BeforeValidator(_yuan)]
Agency = Annotated[str, _words(1, 100), AfterValidator(_agency)]
Reason = Annotated[str, _words(1, 2_000)]


class Record(BaseModel):
    """One case of earlier records, with what is known of it."""

    model_config = ConfigDict(extra="forbid")

    number: Annotated[str, _words(1, 64)]
    title: Annotated[str, _words(2, 100)]
    description: Annotated[str, _words(0, 10_000)] = ""
    region: Annotated[str, _words(1, 40), AfterValidator(_region)]
    matter: Annotated[str, _words(1, 40), AfterValidator(_matter)] | None = None
    case_class: Annotated[CaseClass, BeforeValidator(_class)] | None = Field(None, alias="class")
    filed_at: Moment
    returned_by: Agency | None = None
    returned_from: Moment | None = None
    returned_at: Moment | None = None
    return_code: Annotated[str, _one_of(RETURN_NAMES)] | None = None
    return_reason: Reason | None = None
    assigned_at: Moment | None = None
    lead_agency: Agency | None = None
    co_agencies: Annotated[tuple[Agency, ...], BeforeValidator(_agencies)] = ()
    accepted_at: Moment | None = None
    suspended_at: Moment | None = None
    resumed_at: Moment | None = None
    extended_at: Moment | None = None
    extension_days: Annotated[int, BeforeValidator(_text), Field(ge=1, le=60)] | None = None
    contacted_at: Moment | None = None
    replied_at: Moment | None = None
    reply: Annotated[str, _words(1, 10_000)] | None = None
    met: Yes | None = None
    claimed: Yuan | None = None
    verified: Yuan | None = None
    repaid: Yuan | None = None
    under_agreement: Yuan | None = None
    stood_at: Moment | None = None
    evidence: Reason | None = None
    resolved_at: Moment | None = None
    rated_at: Moment | None = None
    grade: Annotated[int, BeforeValidator(_grade)] | None = None
    solved: Yes | None = None
    refused_at: Moment | None = None
    refusal_code: Annotated[str, _one_of(REFUSAL_NAMES)] | None = None
    refusal_reason: Reason | None = None
    withdrawn_at: Moment | None = None

    def past(self) -> Past:
        """As the domain knows it; a case with a sum is one of arrears where nobody says otherwise."""
        owed = any(sum_ is not None for sum_ in (self.claimed, self.verified, self.repaid, self.under_agreement))
        told = {one.name: getattr(self, one.name) for one in fields(Past)}
        told["case_class"] = self.case_class or ("arrears" if owed else "general")
        return in_order(Past(**told))


def read(raw: Any) -> Past | list[FieldError]:
    """The record in what was sent; or everything that no field may be."""
    try:
        return Record.model_validate(raw).past()
    except ValidationError as error:
        return field_errors(error.errors())
