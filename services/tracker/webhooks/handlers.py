"""Use cases of the webhooks: an agency's addresses and their secrets, pings, redeliveries, the wait before a retry."""

import base64
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

from services.tracker.webhooks import store
from services.tracker.webhooks.answers import DeliveryStarted, NewSecret
from services.tracker.webhooks.concern import PING, ping
from services.tracker.webhooks.push import written
from services.tracker.webhooks.tables import Delivery, Webhook
from shared.auth import Principal
from shared.crypto import Cipher
from shared.errors import Conflict, NotFound
from shared.timers import Due
from shared.tx import Tx

#: Addresses of one agency at the most.
MOST = 20
SECRET_BYTES = 32
#: A replaced secret signs this long, beside its successor.
OVERLAP = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Wish:
    """What an agency wants to be told, and where; no facts named means all."""

    agency: str
    url: str
    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """What of an address is to be different; None stays as it is."""

    url: str | None = None
    facts: tuple[str, ...] | None = None
    enabled: bool | None = None


async def register(wish: Wish, by: str, cipher: Cipher, tx: Tx) -> dict[str, str]:
    """A new address; its id and its secret, which is told this once."""
    if await store.count(tx.session, wish.agency) >= MOST:
        raise Conflict(f"每个单位至多登记 {MOST} 个推送地址", kind="too-many-webhooks", most=MOST)
    id_, secret = uuid4().hex, new_secret()
    sealed = cipher.seal(secret.encode(), context(id_))
    whose: dict[str, Any] = {"agency": wish.agency, "created_at": tx.now, "created_by": by}
    tx.add(Webhook(id=id_, url=wish.url, facts=list(wish.facts), secret=sealed, **whose))
    return {"id": id_, "secret": secret}


async def change(id_: str, who: Principal, change: Change, tx: Tx) -> None:
    """Another URL, other facts; disabled, so that nothing more is sent, or enabled and trusted anew."""
    webhook = await own(id_, who, tx)
    if change.url is not None:
        webhook.url = change.url
    if change.facts is not None:
        webhook.facts = list(change.facts)
    if change.enabled is True and not webhook.enabled:
        webhook.enabled, webhook.disabled_why, webhook.failing_since = True, None, None
    elif change.enabled is False and webhook.enabled:
        await disable(webhook, "asked", tx)


async def disable(webhook: Webhook, why: str, tx: Tx) -> None:
    """Nothing more is sent there, and what waits is dropped."""
    webhook.enabled, webhook.disabled_why = False, why
    await tx.flush()
    await store.drop(tx.session, webhook.id)


async def remove(id_: str, who: Principal, tx: Tx) -> None:
    """The address goes, and its log with it."""
    webhook = await own(id_, who, tx)
    await store.forget(tx.session, webhook.id)
    await tx.session.delete(webhook)


async def rotate(id_: str, who: Principal, cipher: Cipher, tx: Tx) -> NewSecret:
    """A new secret, told this once; the one before signs too for a while."""
    webhook, secret = await own(id_, who, tx), new_secret()
    until = tx.now + OVERLAP
    webhook.former, webhook.former_until = webhook.secret, until
    webhook.secret = cipher.seal(secret.encode(), context(webhook.id))
    return NewSecret(id=webhook.id, secret=secret, former_secret_until=until)


async def send_ping(id_: str, who: Principal, tx: Tx) -> DeliveryStarted:
    """A ping, tried once; the delivery in which its outcome will stand."""
    webhook = await _enabled(id_, who, tx)
    event = str(uuid4())
    row = written(webhook.id, event, PING, None, ping(event, webhook.agency, tx.now), tx.now)
    tx.insert(Delivery, **row)
    return DeliveryStarted(delivery=row["id"])


async def redeliver(id_: str, delivery: str, who: Principal, tx: Tx) -> None:
    """Send it again, under the same id, with all its tries."""
    webhook = await _enabled(id_, who, tx)
    row = await tx.lock(Delivery, delivery)
    if row is None or row.webhook != webhook.id:
        raise NotFound("没有这个推送", kind="no-such-delivery")
    if row.state in store.OPEN:
        raise Conflict("该推送还在进行，不需要重推", kind="delivery-open", state=row.state)
    row.state, row.failures, row.open_since, row.try_at = "ready", 0, tx.now, tx.now


async def ripen(timer: Due, tx: Tx) -> None:
    """The wait is over: the delivery may be claimed, unless it went on without this timer."""
    id_, _, attempts = timer.name.rpartition(".")
    row = await tx.lock(Delivery, id_)
    if row is not None and (row.state, str(row.attempts)) == ("waiting", attempts):
        row.state, row.try_at = "ready", tx.now


async def own(id_: str, who: Principal, tx: Tx) -> Webhook:
    """The address, locked; NotFound when it is another agency's."""
    webhook = await tx.lock(Webhook, id_)
    if webhook is None or not may_see(webhook, who):
        raise NotFound("没有这个推送地址", kind="no-such-webhook")
    return webhook


async def _enabled(id_: str, who: Principal, tx: Tx) -> Webhook:
    webhook = await own(id_, who, tx)
    if not webhook.enabled:
        raise Conflict("推送地址已停用，请先启用", kind="webhook-disabled", disabled_why=webhook.disabled_why)
    return webhook


def may_see(webhook: Webhook, who: Principal) -> bool:
    return who.role == "admin" or (who.role == "agency" and who.agency == webhook.agency)


def new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def context(webhook: str) -> str:
    """What a secret is sealed for: this address and no other."""
    return f"webhook {webhook}"
