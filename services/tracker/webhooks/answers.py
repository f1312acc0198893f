"""What is answered of webhooks: an address, its secret, and the log of what was sent to it."""

from datetime import datetime
from typing import Annotated, Literal

from typing_extensions import TypedDict

from shared.web.answers import one_of

State = Literal["ready", "sending", "waiting", "delivered", "given_up", "dropped"]
DisabledWhy = Literal["asked", "gone", "failing"]


class Webhook(TypedDict):
    """An address; never its secrets. `facts` null: all of them."""

    id: str
    agency: str
    url: str
    enabled: bool
    disabled_why: Annotated[str, one_of(DisabledWhy)] | None
    failing_since: datetime | None
    created_at: datetime
    created_by: str
    facts: list[str] | None
    former_secret_until: datetime | None


class RegisteredWebhook(Webhook):
    """A new address with its secret, which is told this once."""

    secret: str


class WebhookPage(TypedDict):
    webhooks: list[Webhook]
    next: str | None


class NewSecret(TypedDict):
    """A new secret, told this once; the one before signs too until `former_secret_until`."""

    id: str
    secret: str
    former_secret_until: datetime


class DeliveryStarted(TypedDict):
    """The delivery in whose log the outcome will stand."""

    delivery: str


class Delivery(TypedDict):
    """A delivery; `next_at` is when it is tried again."""

    id: str
    event: str
    type: str
    number: str | None
    state: Annotated[str, one_of(State)]
    attempts: int
    status: int | None
    error: str | None
    answer: str | None
    created_at: datetime
    tried_at: datetime | None
    delivered_at: datetime | None
    next_at: datetime | None


class DeliveryPage(TypedDict):
    deliveries: list[Delivery]
    next: str | None
