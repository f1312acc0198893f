"""The bus on Apache Kafka, the only door to aiokafka."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError, TopicAlreadyExistsError

from shared.bus import PARTITIONS, TOPIC, Delivered, Progress, Record, partition_of
from shared.errors import Transient

REQUEST_TIMEOUT_MS = 10_000
SESSION_TIMEOUT_MS = 10_000
#: One producer batch holds a whole relay round of a partition, so it is appended whole or not at all.
BATCH_BYTES = 900_000
_TRACE = "traceparent"


class KafkaBus:
    """Keeps the contract of `shared.bus` on a cluster: acks=all, idempotent producer, manual commits."""

    def __init__(self, servers: str, *, topic: str = TOPIC, partitions: int = PARTITIONS, replication: int = 1) -> None:
        self._servers = servers
        self.topic = topic
        self.partitions = partitions
        self._replication = replication
        self._producer: AIOKafkaProducer | None = None
        self._starting = asyncio.Lock()

    async def start(self) -> None:
        """Nothing is reached yet: a service starts, and answers, while the broker is away."""

    async def ensure_topic(self) -> None:
        """Make the topic, kept for ever; refuse one whose partition count is another."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self._servers, request_timeout_ms=REQUEST_TIMEOUT_MS)
        try:
            await admin.start()
            kept = {"retention.ms": "-1", "retention.bytes": "-1", "cleanup.policy": "delete"}
            topic = NewTopic(self.topic, self.partitions, self._replication, topic_configs=kept)
            with suppress(TopicAlreadyExistsError):
                await admin.create_topics([topic])
            described = await admin.describe_topics([self.topic])
            found = len(described[0]["partitions"])
        except (KafkaError, OSError) as error:
            raise Transient(f"kafka: {error!r}") from error
        finally:
            await admin.close()
        if found not in (0, self.partitions):
            raise RuntimeError(f"topic {self.topic} has {found} partitions, {self.partitions} are needed for ever")

    async def send(self, records: Sequence[Record]) -> None:
        try:
            async with self._starting:
                producer = await self._ready()
            for round_ in _rounds(records, self.partitions):
                await asyncio.gather(*[await self._append(producer, p, some) for p, some in round_.items()])
        except (KafkaError, OSError, TimeoutError) as error:
            await self._drop_producer()
            raise Transient(f"kafka: {error!r}") from error

    async def _append(self, producer: AIOKafkaProducer, partition: int, records: list[Record]) -> Any:
        batch = producer.create_batch()
        for record in records:
            headers = [(_TRACE, record.trace.encode())] if record.trace else []
            if batch.append(key=record.key.encode(), value=record.value, timestamp=None, headers=headers) is None:
                raise RuntimeError("a relay round does not fit into one producer batch")
        batch.close()
        return await producer.send_batch(batch, self.topic, partition=partition)

    async def _ready(self) -> AIOKafkaProducer:
        if self._producer is None:
            await self.ensure_topic()
            producer = AIOKafkaProducer(
                bootstrap_servers=self._servers,
                acks="all",
                enable_idempotence=True,
                max_batch_size=BATCH_BYTES * 2,
                max_request_size=BATCH_BYTES * 2,
                request_timeout_ms=REQUEST_TIMEOUT_MS,
                linger_ms=0,
            )
            try:
                await producer.start()
            except BaseException:
                await producer.stop()
                raise
            self._producer = producer
        return self._producer

    async def _drop_producer(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            try:
                async with asyncio.timeout(REQUEST_TIMEOUT_MS / 1000):
                    await producer.stop()
            except (KafkaError, OSError, TimeoutError):
                return

    async def subscribe(self, group: str) -> "KafkaSubscription":
        await self.ensure_topic()
        consumer = self._consumer(group_id=group)
        consumer.subscribe([self.topic])
        await _started(consumer)
        return KafkaSubscription(consumer, self.topic)

    async def replay(self, partition: int, offset: int = 0) -> AsyncGenerator[Delivered, None]:
        await self.ensure_topic()
        consumer = self._consumer(group_id=None)
        await _started(consumer)
        here = TopicPartition(self.topic, partition)
        try:
            consumer.assign([here])
            end = (await consumer.end_offsets([here]))[here]
            consumer.seek(here, offset)
            while offset < end:
                for records in (await consumer.getmany(timeout_ms=1000, max_records=2000)).values():
                    for record in records:
                        yield _delivered(record)
                        offset = record.offset + 1
        finally:
            await consumer.stop()

    async def progress(self, group: str) -> Mapping[int, Progress]:
        await self.ensure_topic()
        admin = AIOKafkaAdminClient(bootstrap_servers=self._servers, request_timeout_ms=REQUEST_TIMEOUT_MS)
        try:
            await admin.start()
            told = await admin.list_consumer_group_offsets(group)
        except (KafkaError, OSError) as error:
            raise Transient(f"kafka: {error!r}") from error
        finally:
            await admin.close()
        committed = {here.partition: found.offset for here, found in told.items() if here.topic == self.topic}
        ends = await self._ends()
        return {partition: Progress(max(0, committed.get(partition, 0)), end) for partition, end in ends.items()}

    async def _ends(self) -> dict[int, int]:
        consumer = self._consumer(group_id=None)
        await _started(consumer)
        try:
            every = [TopicPartition(self.topic, partition) for partition in range(self.partitions)]
            consumer.assign(every)
            return {here.partition: end for here, end in (await consumer.end_offsets(every)).items()}
        except (KafkaError, OSError) as error:
            raise Transient(f"kafka: {error!r}") from error
        finally:
            await _stopped(consumer)

    def _consumer(self, group_id: str | None) -> AIOKafkaConsumer:
        return AIOKafkaConsumer(
            bootstrap_servers=self._servers,
            group_id=group_id,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            session_timeout_ms=SESSION_TIMEOUT_MS,
            heartbeat_interval_ms=SESSION_TIMEOUT_MS // 5,
            request_timeout_ms=REQUEST_TIMEOUT_MS,
            retry_backoff_ms=200,
            fetch_max_wait_ms=100,
            metadata_max_age_ms=30_000,
        )

    async def ping(self) -> None:
        host, _, port = self._servers.split(",")[0].rpartition(":")
        try:
            async with asyncio.timeout(2):
                _, writer = await asyncio.open_connection(host, int(port))
            writer.close()
        except (OSError, TimeoutError) as error:
            raise Transient(f"kafka: {error!r}") from error

    async def close(self) -> None:
        await self._drop_producer()


class KafkaSubscription:
    """One member of a consumer group; the group moves partitions, `commit` ignores those that moved away."""

    def __init__(self, consumer: AIOKafkaConsumer, topic: str) -> None:
        self._consumer = consumer
        self._topic = topic

    async def poll(self, limit: int, timeout_seconds: float) -> Sequence[Delivered]:
        try:
            found = await self._consumer.getmany(timeout_ms=int(timeout_seconds * 1000), max_records=limit)
        except (KafkaError, OSError) as error:
            raise Transient(f"kafka: {error!r}") from error
        return [_delivered(record) for records in found.values() for record in records]

    async def commit(self, positions: Mapping[int, int]) -> None:
        owned = {tp.partition for tp in self._consumer.assignment()}
        mine = {TopicPartition(self._topic, p): offset for p, offset in positions.items() if p in owned}
        if not mine:
            return
        try:
            await self._consumer.commit(mine)
        except (CommitFailedError, IllegalStateError):
            return
        except (KafkaError, OSError) as error:
            raise Transient(f"kafka: {error!r}") from error

    async def rewind(self) -> None:
        try:
            for here in self._consumer.assignment():
                self._consumer.seek(here, await self._consumer.committed(here) or 0)
        except IllegalStateError:
            return
        except (KafkaError, OSError) as error:
            raise Transient(f"kafka: {error!r}") from error

    async def lag(self) -> int:
        owned = list(self._consumer.assignment())
        try:
            ends = await self._consumer.end_offsets(owned) if owned else {}
            return sum([max(0, end - await self._consumer.position(here)) for here, end in ends.items()])
        except IllegalStateError:
            return 0
        except (KafkaError, OSError) as error:
            raise Transient(f"kafka: {error!r}") from error

    async def close(self) -> None:
        await _stopped(self._consumer)


async def _started(consumer: AIOKafkaConsumer) -> None:
    try:
        await consumer.start()
    except BaseException as error:
        await _stopped(consumer)
        if isinstance(error, KafkaError | OSError):
            raise Transient(f"kafka: {error!r}") from error
        raise


async def _stopped(consumer: AIOKafkaConsumer) -> None:
    """Leave the group; a coordinator that does not answer is waited for no longer than a request."""
    with suppress(KafkaError, OSError, TimeoutError):
        async with asyncio.timeout(REQUEST_TIMEOUT_MS / 1000):
            await consumer.stop()


def _rounds(records: Sequence[Record], partitions: int) -> list[dict[int, list[Record]]]:
    """Records by partition, cut into rounds of which each fits one producer batch a partition."""
    rounds: list[dict[int, list[Record]]] = []
    place: dict[int, tuple[int, int]] = {}
    for record in records:
        partition, size = partition_of(record.key, partitions), len(record.value) + len(record.key) + 128
        index, used = place.get(partition, (0, 0))
        if used and used + size > BATCH_BYTES:
            index, used = index + 1, 0
        place[partition] = (index, used + size)
        while len(rounds) <= index:
            rounds.append({})
        rounds[index].setdefault(partition, []).append(record)
    return rounds


def _delivered(record: Any) -> Delivered:
    """The record, whoever wrote it: what is no text is replaced, so that the reader can park it."""
    trace = next((value.decode(errors="replace") for name, value in record.headers if name == _TRACE and value), None)
    key = (record.key or b"").decode(errors="replace")
    return Delivered(record.partition, record.offset, key, record.value or b"", trace)
