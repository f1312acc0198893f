"""Door 1, requests: those that wait together share a commit, and each is answered only after it."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic_core import from_json, to_json
from sqlalchemy import select

from shared import trace
from shared.batch import Batch, Done, Failed, Outcome, Work
from shared.crypto import Cipher
from shared.errors import Conflict, FieldError, Invalid, Unavailable, YousuError
from shared.tx import Tx, Unit

#: Requests in one commit at the most; more only make the first of them wait longer.
MAX_BATCH = 128
#: Commits under way at once: while one waits for the disk the next is being filled.
COMMITTERS = 2


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """Who repeats what: `key` as sent, `owner` the caller, `fingerprint` of the body that came with it."""

    owner: str
    key: str
    fingerprint: str

    @classmethod
    def of(cls, owner: str, raw: str | None, body: bytes) -> "IdempotencyKey | None":
        """The key in an Idempotency-Key header, quotes taken off; Invalid when it is empty, long or unprintable."""
        if raw is None:
            return None
        key = raw[1:-1] if len(raw) >= 2 and raw[0] == raw[-1] == '"' else raw
        if not 1 <= len(key) <= 255 or not all("!" <= character <= "~" for character in key):
            wrong = FieldError("Idempotency-Key", "应为 1 至 255 个可见 ASCII 字符")
            raise Invalid([wrong], kind="idempotency-key-invalid")
        return cls(owner, key, hashlib.sha256(body).hexdigest())

    @property
    def id(self) -> str:
        return hashlib.sha256(f"{self.owner}\n{self.key}".encode()).hexdigest()


@dataclass(slots=True)
class _Waiting:
    work: Work
    once: IdempotencyKey | None
    answer: "asyncio.Future[Outcome]"


class RequestDoor:
    """Opens one transaction for the requests that wait, runs each handler, commits, then answers."""

    def __init__(self, batch: Batch, cipher: Cipher, *, on_commit: Callable[[], None]) -> None:
        self._batch = batch
        self._cipher = cipher
        self._on_commit = on_commit
        self._queue: asyncio.Queue[_Waiting] = asyncio.Queue(maxsize=4096)
        self._under_way: set[str] = set()

    async def run(self, key: str, handler: Callable[[Tx], Awaitable[Any]], once: IdempotencyKey | None = None) -> Any:
        """What `handler` returned, committed; with `once` a repeat gets the first answer (JSON values only)."""
        if once and once.id in self._under_way:
            raise Conflict("同一 Idempotency-Key 的请求正在处理，请稍后再试", kind="idempotency-in-flight")
        waiting = _Waiting(
            Work(key, handler, once.id if once else "", trace.current(), trace.called(handler)),
            once,
            asyncio.get_running_loop().create_future(),
        )
        if once:
            self._under_way.add(once.id)
        try:
            self._queue.put_nowait(waiting)
            outcome = await waiting.answer
        except asyncio.QueueFull:
            raise Unavailable("系统繁忙，请稍后再试") from None
        finally:
            if once:
                self._under_way.discard(once.id)
        if isinstance(outcome, Done):
            return outcome.value
        if isinstance(outcome, Failed):
            raise outcome.error
        raise Unavailable("请求未能处理，请重试")

    async def serve(self) -> None:
        """Commit what waits, for ever."""
        committers = 1 if self._batch.database.sqlite else COMMITTERS
        async with asyncio.TaskGroup() as group:
            for _ in range(committers):
                group.create_task(self._commit_loop())

    async def _commit_loop(self) -> None:
        while True:
            taken = [await self._queue.get()]
            while len(taken) < MAX_BATCH and not self._queue.empty():
                taken.append(self._queue.get_nowait())
            await self._commit(taken)

    async def _commit(self, taken: list[_Waiting]) -> None:
        try:
            outcomes = await self._batch.run([w.work for w in taken], self._answers(taken))
        except YousuError:
            outcomes = [Failed(Unavailable("数据库暂不可用，请稍后再试"))] * len(taken)
        except asyncio.CancelledError:
            self._answer(taken, [Failed(Unavailable("服务正在停止，请重试"))] * len(taken))
            raise
        except Exception as error:
            outcomes = [Failed(error)] * len(taken)
        self._on_commit()
        self._answer(taken, outcomes)

    @staticmethod
    def _answer(taken: list[_Waiting], outcomes: list[Any]) -> None:
        for waiting, outcome in zip(taken, outcomes, strict=True):
            if not waiting.answer.done():
                waiting.answer.set_result(outcome)

    def _answers(self, taken: list[_Waiting]) -> "Answers | None":
        sent = {w.once.id: w.once for w in taken if w.once}
        return Answers(self._batch, self._cipher, sent) if sent else None


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers given under an Idempotency-Key, sealed: they hold the access code."""

    batch: Batch
    cipher: Cipher
    sent: Mapping[str, IdempotencyKey]

    async def known(self, unit: Unit, works: Sequence[Work]) -> Mapping[int, Outcome]:
        table = self.batch.kernel.idempotency
        rows = {row.key: row for row in await unit.session.execute(select(table).where(table.c.key.in_(self.sent)))}
        return {i: self._replay(self.sent[w.id], rows[w.id]) for i, w in enumerate(works) if w.id in rows}

    def _replay(self, once: IdempotencyKey, row: Any) -> Outcome:
        if row.fingerprint != once.fingerprint:
            wrong = FieldError("Idempotency-Key", "已用于另一份内容；请换一个新的键")
            return Failed(Invalid([wrong], kind="idempotency-mismatch"))
        return Done(from_json(self.cipher.open(row.answer, once.id)))

    async def claim(self, unit: Unit, done: Sequence[tuple[Work, Any]]) -> None:
        rows = [self._row(self.sent[work.id], value, unit.now) for work, value in done if work.id]
        if rows:
            await unit.session.execute(self.batch.kernel.idempotency.insert(), rows)

    def _row(self, once: IdempotencyKey, value: Any, now: datetime) -> dict[str, Any]:
        answer = self.cipher.seal(to_json(value), once.id)
        return {"key": once.id, "fingerprint": once.fingerprint, "answer": answer, "created_at": now}
