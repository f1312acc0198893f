"""Sending, so that no request is made inside a transaction: one claims, the request goes out, another records.

A claim is a lease, with the number of the attempt as its fence: two replicas never make the same attempt, what a
process took with it when it died is claimed again, and an outcome that comes too late is left out.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import httpx
import structlog
from standardwebhooks import Webhook as Signer

from services.tracker.webhooks import store
from services.tracker.webhooks.address import Wrong
from services.tracker.webhooks.concern import PING
from services.tracker.webhooks.handlers import context, disable
from services.tracker.webhooks.post import Post
from services.tracker.webhooks.tables import Delivery, Webhook
from shared.batch import Batch, Done, Failed, Work
from shared.chores import Chore
from shared.clock import Clock
from shared.crypto import Cipher
from shared.runtime import Service
from shared.tx import Tx

#: The kind of the timer that a retry waits for.
RETRY = "webhook-delivery"
#: What is waited after each failure; after one more it is given up.
WAITS = tuple(timedelta(seconds=seconds) for seconds in (5, 300, 1800, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600))
#: An address to which nothing has got through for so long is disabled when one more delivery is given up.
PATIENCE = timedelta(days=5)
#: Longer than a request takes, and its outcome to be recorded.
LEASE = timedelta(seconds=60)
#: Requests under way in this process, and of these to one address.
AT_ONCE, TO_ONE = 32, 4
SEND_SECONDS, LOOK_AGAIN_SECONDS = 1.0, 0.5
CLEAR_SECONDS = 600.0
GONE = 410
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Claimed:
    """One attempt: what goes out, where to, and the sealed secrets that sign it, newest first."""

    delivery: str
    attempt: int
    number: str | None
    webhook: str
    url: str
    event: str
    body: str
    secrets: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended; `error` in Chinese, None when it was delivered."""

    claimed: Claimed
    error: str | None
    status: int | None = None
    answer: str | None = None


@dataclass(frozen=True, slots=True)
class Sender:
    """Sends what is due, with bounded concurrency; a slow address holds up no other."""

    batch: Batch
    clock: Clock
    cipher: Cipher
    post: Post

    @classmethod
    def of(cls, service: Service[Any]) -> "Sender":
        batch = Batch(service.database, service.spec.kernel, service.clock)
        return cls(batch, service.clock, service.cipher, Post(service.parts.settings.webhook_private))

    async def run(self) -> int:
        """Send until nothing is due and nothing under way; how many attempts were made."""
        made, under_way = 0, dict[asyncio.Task[Outcome], str]()
        try:
            while True:
                for claimed in await self.claim(Counter(under_way.values())):
                    under_way[asyncio.create_task(self.attempt(claimed))] = claimed.webhook
                if not under_way:
                    return made
                first = asyncio.FIRST_COMPLETED
                done, _ = await asyncio.wait(under_way, timeout=LOOK_AGAIN_SECONDS, return_when=first)
                await self.record([task.result() for task in done])
                for task in done:
                    del under_way[task]
                made += len(done)
        finally:
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)

    async def claim(self, busy: Counter[str]) -> list[Claimed]:
        """Take what is due, as far as there is room; committed before anything is sent."""
        if (room := AT_ONCE - busy.total()) <= 0:
            return []
        async with self.batch.database.reading() as session:
            if not await store.with_something_due(session, self.clock.now()):
                return []
        (outcome,) = await self.batch.run([Work("", partial(_claim, busy, room), name="claim webhook deliveries")])
        match outcome:
            case Done(value):
                return list(value)
            case Failed(error):
                raise error
            case _:
                return []

    async def attempt(self, claimed: Claimed) -> Outcome:
        """One request; whatever goes wrong with it is its outcome, and nobody else's trouble."""
        try:
            answer = await self.post(claimed.url, self._headers(claimed), claimed.body)
        except Exception as error:
            log.info("webhook not delivered", webhook=claimed.webhook, number=claimed.number, error=repr(error)[:300])
            return Outcome(claimed, _in_words(error))
        if 200 <= answer.status < 300:
            return Outcome(claimed, None, answer.status, answer.text)
        refused = "应答是重定向，不跟随" if 300 <= answer.status < 400 else f"应答 {answer.status}"
        return Outcome(claimed, refused, answer.status, answer.text)

    def _headers(self, claimed: Claimed) -> dict[str, str]:
        now = self.clock.now()
        signers = [Signer(self.cipher.open(one, context(claimed.webhook)).decode()) for one in claimed.secrets]
        return {
            "Content-Type": "application/json",
            "User-Agent": "yousu-webhooks/1",
            "webhook-id": claimed.event,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(one.sign(claimed.event, now, claimed.body) for one in signers),
        }

    async def record(self, outcomes: Sequence[Outcome]) -> None:
        """The outcomes of these attempts, in one transaction; addresses are locked in order."""
        if not outcomes:
            return
        ordered = sorted(outcomes, key=lambda one: (one.claimed.webhook, one.claimed.delivery))
        works = [Work(one.claimed.number or "", partial(_record, one), name="record delivery") for one in ordered]
        for result in await self.batch.run(works):
            if isinstance(result, Failed):
                # It is claimed again when its lease is over: at least once.
                log.error("webhook outcome not recorded", error=repr(result.error)[:500])


async def _claim(busy: Counter[str], room: int, tx: Tx) -> list[Claimed]:
    taken: list[Claimed] = []
    for webhook in await store.with_something_due(tx.session, tx.now):
        if (free := min(TO_ONE - busy[webhook.id], room - len(taken))) <= 0:
            continue
        for row in await store.take(tx.session, webhook.id, tx.now, free):
            row.state, row.attempts, row.try_at = "sending", row.attempts + 1, tx.now + LEASE
            taken.append(_claimed(webhook, row, tx.now))
    return taken


def _claimed(webhook: Webhook, row: Delivery, now: datetime) -> Claimed:
    former = webhook.former if webhook.former_until is not None and now < webhook.former_until else None
    secrets = (webhook.secret,) if former is None else (webhook.secret, former)
    return Claimed(row.id, row.attempts, row.number, webhook.id, webhook.url, row.event, row.body, secrets)


async def _record(outcome: Outcome, tx: Tx) -> None:
    """The address first, then the delivery: everybody locks them in this order."""
    claimed = outcome.claimed
    webhook = await tx.lock(Webhook, claimed.webhook)
    row = await tx.lock(Delivery, claimed.delivery)
    if webhook is None or row is None or (row.state, row.attempts) != ("sending", claimed.attempt):
        return
    row.tried_at, row.status, row.error, row.answer = tx.now, outcome.status, outcome.error, outcome.answer
    if outcome.error is None:
        row.state, row.try_at, row.delivered_at = "delivered", None, tx.now
        webhook.failing_since = None
    else:
        await _fail(webhook, row, tx)


async def _fail(webhook: Webhook, row: Delivery, tx: Tx) -> None:
    row.failures += 1
    wait = WAITS[row.failures - 1] if row.failures <= len(WAITS) and row.type != PING else None
    if row.type != PING:
        webhook.failing_since = webhook.failing_since or tx.now
    if row.status == GONE or wait is None:
        row.state, row.try_at = "given_up", None
    elif not webhook.enabled:
        row.state, row.try_at = "dropped", None
    else:
        row.state, row.try_at = "waiting", tx.now + wait
        tx.schedule(RETRY, row.number or "", row.try_at, name=f"{row.id}.{row.attempts}")
    if webhook.enabled and (why := _why_disabled(webhook, row, tx.now)) is not None:
        await disable(webhook, why, tx)


def _why_disabled(webhook: Webhook, row: Delivery, now: datetime) -> str | None:
    if row.status == GONE:
        return "gone"
    late = webhook.failing_since is not None and now - webhook.failing_since >= PATIENCE
    return "failing" if row.state == "given_up" and late else None


def _in_words(error: Exception) -> str:
    match error:
        case Wrong():
            return str(error)
        case TimeoutError() | httpx.TimeoutException():
            return "规定时间内没有应答"
        case httpx.ConnectError() if "CERTIFICATE" in str(error).upper():
            return "对方的证书无法核实"
        case httpx.ConnectError():
            return "无法建立连接"
        case OSError():
            return "域名无法解析"
        case httpx.HTTPError():
            return "连接中断，或应答不是 HTTP"
        case _:
            return "未能发送"


async def send_due(service: Service[Any]) -> None:
    """What is due, sent by whichever replica has the chore."""
    await Sender.of(service).run()


async def clear(service: Service[Any]) -> None:
    """Old entries of the log go; what nobody will send any more says so."""
    before = service.clock.now() - timedelta(days=service.parts.settings.webhook_keep_days)
    async with service.database.writing() as session:
        await store.drop_strays(session)
    gone = store.CHUNK
    while gone == store.CHUNK:
        async with service.database.writing() as session:
            gone = await store.forget_some(session, before)


CHORES = {"webhooks": Chore(SEND_SECONDS, send_due), "webhook-log": Chore(CLEAR_SECONDS, clear)}
