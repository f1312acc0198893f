"""What agencies and supervisors send: bodies of requests, checked field by field."""

from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from services.tracker.handlers.steps import ReturnCode
from shared.web.answers import AS_TEXT
from shared.web.moments import Moment

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=10_000)]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=2_000)]
#: Yuan, as text, so that no float comes between.
Yuan = Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=2), AS_TEXT]
Days = Annotated[int, Field(ge=1, le=60, strict=True)]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Empty(Body):
    pass


class Claim(Body):
    limit: int = Field(10, ge=1, le=100)
    lease_seconds: int = Field(300, ge=1)
    state: str | None = None
    matter: str | None = None
    region: str | None = None
    card: str | None = None


class Renewal(Body):
    fence: int
    lease_seconds: int = Field(300, ge=1)


class Return(Body):
    code: ReturnCode
    reason: Reason


class Suspension(Body):
    reason: Reason
    why: Literal["supplement", "expert"] = "supplement"
    days: Days | None = None


class NewReply(Body):
    text: Words
    met: bool = Field(strict=True)
    contacted_at: Moment | None = None
    internal: bool = Field(False, strict=True)


class Opinion(Body):
    text: Words


class NewExtensionRequest(Body):
    days: Days
    reason: Reason


class ExtensionDecision(Body):
    approved: bool = Field(strict=True)
    reason: Reason | None = None


class SimpleClass(Body):
    simple: Literal[True]


class NewArrearsRecord(Body):
    """Totals in yuan, at least one of them, as they stood `at`."""

    claimed: Yuan | None = None
    verified: Yuan | None = None
    repaid: Yuan | None = None
    under_agreement: Yuan | None = None
    at: Moment
    evidence: Reason

    @field_validator("claimed", "verified", "repaid", "under_agreement", mode="before")
    @classmethod
    def is_text(cls, value: object) -> object:
        if value is not None and not isinstance(value, str):
            raise ValueError('应为带引号的金额，例如 "1260000.00"')
        return value

    @model_validator(mode="after")
    def says_something(self) -> Self:
        if (self.claimed, self.verified, self.repaid, self.under_agreement) == (None, None, None, None):
            raise ValueError("claimed、verified、repaid、under_agreement 至少填写一项")
        return self


class NewOrder(Body):
    reason: Reason
    days: Days


class OrderReply(Body):
    text: Words


class ReviewDecision(Body):
    upheld: bool = Field(strict=True)
    reason: Reason
