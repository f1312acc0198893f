"""What a complaint must look like at the door; every refusal says why and what would be right."""

import re
import unicodedata
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from services.intake.handlers import Filing
from shared.reference import current
from shared.reference.identifiers import normalise_phone, uscc_problem
from shared.web.answers import AS_TEXT

_MATTER = re.compile(r"\d{1,2}\.(problem|opinion)\.\d{1,2}")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+")
MAX_AMOUNT = Decimal("1000000000000")


def _plain(text: str) -> str:
    """Trimmed text without control characters; line breaks and tabs may stay."""
    bad = next((c for c in text if unicodedata.category(c) in ("Cc", "Cs", "Co") and c not in "\n\r\t"), None)
    if bad is not None:
        raise ValueError(f"含有不可见的控制字符 U+{ord(bad):04X}，请删除")
    text = text.strip()
    if not text:
        raise ValueError("不能为空")
    return text


def _line(text: str) -> str:
    if any(c in text for c in "\n\r\t"):
        raise ValueError("应为一行文字，不能换行")
    return _plain(text)


def _uscc(text: str) -> str:
    code = unicodedata.normalize("NFKC", text).strip().upper()
    if problem := uscc_problem(code):
        raise ValueError(problem)
    return code


def _phone(text: str) -> str:
    return normalise_phone(text)


def _email(text: str) -> str:
    if len(text) > 254 or not _EMAIL.fullmatch(text):
        raise ValueError("应为电子邮箱地址，例如 office@example.com")
    return text


def _region(code: str) -> str:
    if code not in current().regions:
        raise ValueError("应为河南省的行政区划代码，例如 410102（郑州市中原区）")
    return code


def _matter(ref: str) -> str:
    if not _MATTER.fullmatch(ref) or ref not in current().matters:
        raise ValueError("没有这个事项；应形如 6.problem.3，全部事项见 /api/v1/matters")
    return ref


def _agency(code: str) -> str:
    if code not in current().agencies:
        raise ValueError("没有这个单位代码，全部单位见 /api/v1/agencies")
    return code


def _amount(value: Any) -> Any:
    if isinstance(value, bool | float):
        raise ValueError('应为文字形式的金额（元），例如 "1260000.00"')
    return value


Line = Annotated[str, AfterValidator(_line)]
Text = Annotated[str, AfterValidator(_plain)]
Amount = Annotated[Decimal, BeforeValidator(_amount), Field(gt=0, le=MAX_AMOUNT, decimal_places=2), AS_TEXT]


class Body(BaseModel):
    """Unknown fields are refused: a misspelt one would be lost in silence."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Enterprise(Body):
    name: Annotated[Line, Field(min_length=2, max_length=100)]
    uscc: Annotated[str, AfterValidator(_uscc), Field(max_length=64)]


class Contact(Body):
    name: Annotated[Line, Field(min_length=1, max_length=50)]
    phone: Annotated[str, AfterValidator(_phone), Field(max_length=40)]
    email: Annotated[str, AfterValidator(_email)] | None = None


class Respondent(Body):
    name: Annotated[Line, Field(min_length=2, max_length=100)]
    agency: Annotated[str, AfterValidator(_agency)] | None = None


class NewComplaint(Body):
    """The body of POST /api/v1/complaints; amounts in yuan."""

    enterprise: Enterprise
    contact: Contact
    region: Annotated[str, AfterValidator(_region)]
    title: Annotated[Line, Field(min_length=4, max_length=100)]
    description: Annotated[Text, Field(min_length=10, max_length=10_000)]
    matter: Annotated[str, AfterValidator(_matter)] | None = None
    respondent: Respondent | None = None
    amount: Amount | None = None
    confidential: bool = False
    foreign_invested: bool = False

    def filing(self, owner: str | None) -> Filing:
        """The same, as the handler takes it."""
        return Filing(
            enterprise_name=self.enterprise.name,
            uscc=self.enterprise.uscc,
            contact=self.contact.model_dump(exclude_none=True),
            region=self.region,
            title=self.title,
            description=self.description,
            matter=self.matter,
            respondent=self.respondent.name if self.respondent else None,
            respondent_agency=self.respondent.agency if self.respondent else None,
            amount=self.amount,
            confidential=self.confidential,
            foreign_invested=self.foreign_invested,
            owner=owner,
        )


class Supplement(Body):
    """The body of POST …/supplements."""

    text: Annotated[Text, Field(min_length=2, max_length=10_000)]


class Rating(Body):
    """The body of POST …/rating; `grade` 5 非常满意 … 1 非常不满意, `solved` whether the demand was met in fact."""

    grade: Annotated[int, Field(strict=True, ge=1, le=5)]
    solved: Annotated[bool, Field(strict=True)]
    comment: Annotated[Text, Field(max_length=2_000)] | None = None


class Review(Body):
    """The body of POST …/review."""

    reason: Annotated[Text, Field(min_length=4, max_length=5_000)]


class Withdrawal(Body):
    """The body of POST …/withdrawal, which may also come without one."""

    reason: Annotated[Text, Field(max_length=2_000)] | None = None
