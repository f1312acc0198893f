"""What is asked of webhooks: bodies of requests, checked field by field."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from services.tracker.webhooks.concern import PUSHED


def _known(names: list[str]) -> list[str]:
    """In the order of a case's life, each once."""
    unknown = [name for name in names if name not in PUSHED]
    if unknown:
        raise ValueError(f"不能订阅 {'、'.join(unknown)}；可以订阅：{'、'.join(PUSHED)}")
    return [name for name in PUSHED if name in names]


#: Names of facts, at least one; None for all of them.
Facts = Annotated[list[str], Field(min_length=1, max_length=100), AfterValidator(_known)]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewWebhook(Body):
    url: str
    facts: Facts | None = None
    agency: str | None = None


class WebhookChange(Body):
    """What is not given stays as it is; `facts` null means all again."""

    enabled: bool = Field(True, strict=True)
    url: str = ""
    facts: Facts | None = None
