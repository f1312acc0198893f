"""Sending: outside every transaction, each attempt once across replicas, and nowhere but where it was checked."""

import asyncio
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from services.tracker.app import build
from services.tracker.webhooks import handlers
from services.tracker.webhooks.handlers import Change, Wish
from services.tracker.webhooks.post import Post, Resolver
from services.tracker.webhooks.sending import AT_ONCE, CHORES, LEASE, TO_ONE, Outcome, Sender
from services.tracker.webhooks.tables import Delivery
from shared.auth import Principal
from shared.runtime import Service
from shared.testing import ManualClock, Rig
from tests.integration.receiver import Receiver, receiving
from tests.integration.tracker_alone import LEAD

ADMIN = Principal("admin", "admin")
HOST = "office.test"


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving(Receiver()) as listening:
        yield listening


@asynccontextmanager
async def replicas(folder: Path, clock: ManualClock, count: int = 1) -> AsyncIterator[list[Service[Any]]]:
    rig = await Rig.build([build], folder, clock, replicas=count)
    try:
        yield list(rig.services.values())
    finally:
        await rig.close()


@pytest.fixture
async def tracker(tmp_path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Service[Any]]:
    monkeypatch.setenv("YOUSU_TRACKER_WEBHOOK_PRIVATE", "true")
    async with replicas(tmp_path, clock) as (one,):
        yield one


@pytest.fixture
async def two(
    tmp_path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch, new_database: Callable[[], str]
) -> AsyncIterator[list[Service[Any]]]:
    """Two replicas of the tracker on one PostgreSQL."""
    monkeypatch.setenv("YOUSU_TRACKER_WEBHOOK_PRIVATE", "true")
    monkeypatch.setenv("YOUSU_TRACKER_DATABASE_URL", new_database())
    async with replicas(tmp_path, clock, 2) as both:
        yield both


async def registered(tracker: Service[Any], url: str, agency: str = LEAD) -> str:
    wish = Wish(agency, url, ())

    async def run(tx: Any) -> Any:
        return await handlers.register(wish, "admin", tracker.cipher, tx)

    return str((await tracker.door.run("", run))["id"])


async def pinged(tracker: Service[Any], webhook: str, times: int = 1) -> list[str]:
    """So many deliveries are ready; their ids."""
    made = [tracker.door.run("", partial(handlers.send_ping, webhook, ADMIN)) for _ in range(times)]
    return [one["delivery"] for one in await asyncio.gather(*made)]


async def delivery(tracker: Service[Any], id_: str) -> Delivery:
    async with tracker.database.reading() as session:
        found = await session.get(Delivery, id_)
    assert found is not None
    return found


def posting(tracker: Service[Any], **changes: Any) -> Sender:
    """The sender, posting otherwise."""
    sender = Sender.of(tracker)
    return replace(sender, post=replace(sender.post, **changes))


# Each attempt once.


@pytest.mark.postgres
async def test_two_replicas_send_at_once_and_no_attempt_twice(two: list[Service[Any]], receiver: Receiver) -> None:
    first, second = two
    webhook = await registered(first, receiver.url)
    await pinged(first, webhook, 40)
    receiver.hold = 2 * TO_ONE
    made = await asyncio.gather(Sender.of(first).run(), Sender.of(second).run())
    assert sum(made) == 40
    assert min(made) >= TO_ONE
    assert len(set(receiver.ids)) == len(receiver.ids) == 40


@pytest.mark.postgres
async def test_one_replica_at_a_time_has_the_chore_and_another_takes_over(
    two: list[Service[Any]], receiver: Receiver
) -> None:
    first, second = two
    webhook = await registered(first, receiver.url)
    await pinged(first, webhook)
    receiver.hold = 3
    sending = asyncio.create_task(first.chores.once("webhooks", first))
    await receiver.arrived(1)
    await pinged(first, webhook)
    assert await second.chores.once("webhooks", second) is False
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    receiver.hold = 0
    assert await second.chores.once("webhooks", second) is True
    assert set(CHORES) <= set(second.spec.chores)


@pytest.mark.postgres
async def test_a_crash_between_sending_and_recording_is_sent_again_when_the_lease_is_over(
    two: list[Service[Any]], receiver: Receiver, clock: ManualClock
) -> None:
    dying, other = (Sender.of(tracker) for tracker in two)
    (id_,) = await pinged(two[0], await registered(two[0], receiver.url))
    (claimed,) = await dying.claim(Counter())
    lost = await dying.attempt(claimed)
    assert lost.error is None
    assert (await delivery(two[1], id_)).state == "sending"
    clock.move(LEASE - timedelta(seconds=1))
    assert await other.run() == 0
    clock.move(timedelta(seconds=1))
    assert await other.run() == 1
    assert receiver.ids == [claimed.event] * 2
    row = await delivery(two[1], id_)
    assert (row.state, row.attempts, row.failures) == ("delivered", 2, 0)


async def test_a_crash_before_sending_loses_nothing(
    tracker: Service[Any], receiver: Receiver, clock: ManualClock
) -> None:
    (id_,) = await pinged(tracker, await registered(tracker, receiver.url))
    assert len(await Sender.of(tracker).claim(Counter())) == 1
    assert await Sender.of(tracker).run() == 0
    clock.move(LEASE)
    assert await Sender.of(tracker).run() == 1
    assert (await delivery(tracker, id_)).state == "delivered"
    assert len(receiver.received) == 1


async def test_an_outcome_that_comes_after_the_lease_changes_nothing(
    tracker: Service[Any], receiver: Receiver, clock: ManualClock
) -> None:
    (id_,) = await pinged(tracker, await registered(tracker, receiver.url))
    slow = Sender.of(tracker)
    (claimed,) = await slow.claim(Counter())
    clock.move(LEASE)
    assert await Sender.of(tracker).run() == 1
    await slow.record([Outcome(claimed, "规定时间内没有应答")])
    row = await delivery(tracker, id_)
    assert (row.state, row.error, row.failures) == ("delivered", None, 0)


async def test_nothing_is_under_way_in_a_transaction_while_a_request_is(
    tracker: Service[Any], receiver: Receiver
) -> None:
    """SQLite has one writer: it is free as long as an address keeps its answer back."""
    webhook = await registered(tracker, receiver.url)
    await pinged(tracker, webhook)
    receiver.hold = 2
    sending = asyncio.create_task(Sender.of(tracker).run())
    await receiver.arrived(1)
    async with asyncio.timeout(5):
        await tracker.door.run("", partial(handlers.change, webhook, ADMIN, Change(facts=("CaseOpened",))))
        await pinged(tracker, webhook)
    assert await sending == 2


async def test_an_address_that_hangs_holds_up_no_other(tracker: Service[Any], receiver: Receiver) -> None:
    async with receiving(Receiver(hold=10_000)) as stuck:
        hanging, well = await registered(tracker, stuck.url), await registered(tracker, receiver.url)
        waiting = await pinged(tracker, hanging, AT_ONCE + 10)
        await pinged(tracker, well, 3 * TO_ONE)
        sending = asyncio.create_task(posting(tracker, timeout_seconds=30).run())
        async with asyncio.timeout(10):
            await receiver.arrived(3 * TO_ONE)
        assert len(stuck.received) == TO_ONE
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        assert {(await delivery(tracker, id_)).state for id_ in waiting} == {"sending", "ready"}


async def test_an_address_disabled_while_it_is_sent_to_keeps_the_outcome(
    tracker: Service[Any], receiver: Receiver
) -> None:
    webhook = await registered(tracker, receiver.url)
    (id_,) = await pinged(tracker, webhook)
    sender = Sender.of(tracker)
    (claimed,) = await sender.claim(Counter())
    await tracker.door.run("", partial(handlers.change, webhook, ADMIN, Change(enabled=False)))
    await sender.record([await sender.attempt(claimed)])
    assert (await delivery(tracker, id_)).state == "delivered"
    assert await Sender.of(tracker).run() == 0


# What is no delivery.


async def test_a_redirect_is_not_followed(tracker: Service[Any], receiver: Receiver) -> None:
    async with receiving(Receiver()) as elsewhere:
        receiver.status, receiver.head = 307, f"Location: {elsewhere.url}\r\n"
        (id_,) = await pinged(tracker, await registered(tracker, receiver.url))
        await Sender.of(tracker).run()
        assert elsewhere.received == []
    row = await delivery(tracker, id_)
    assert (row.status, row.error) == (307, "应答是重定向，不跟随")


async def test_no_answer_in_time_is_a_failure(tracker: Service[Any], receiver: Receiver) -> None:
    receiver.hold = 2
    (id_,) = await pinged(tracker, await registered(tracker, receiver.url))
    await posting(tracker, timeout_seconds=0.2).run()
    assert (await delivery(tracker, id_)).error == "规定时间内没有应答"


async def test_nobody_listening_and_no_such_name_are_failures_that_say_so(tracker: Service[Any]) -> None:
    async with receiving(Receiver()) as gone:
        url = gone.url
    (closed,) = await pinged(tracker, await registered(tracker, url))
    (nameless,) = await pinged(tracker, await registered(tracker, "http://nobody.invalid:8080/"))
    await posting(tracker, resolve=_resolving({"127.0.0.1": ["127.0.0.1"]})).run()
    assert (await delivery(tracker, closed)).error == "无法建立连接"
    assert (await delivery(tracker, nameless)).error == "域名无法解析"


def _resolving(names: dict[str, list[str]]) -> Resolver:
    """A name server that knows these names."""

    async def resolve(host: str, _port: int) -> list[str]:
        if host not in names:
            raise OSError("no such name")
        return names[host]

    return resolve


# Nowhere but where it was checked.


class Rebinding:
    """A name server whose second answer differs from its first."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers, self.asked = list(answers), 0

    async def __call__(self, _host: str, _port: int) -> list[str]:
        self.asked += 1
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


async def test_the_address_that_was_checked_is_connected_to_and_the_name_kept(
    tracker: Service[Any], receiver: Receiver
) -> None:
    names = Rebinding(["127.0.0.1"], ["169.254.169.254"])
    (id_,) = await pinged(tracker, await registered(tracker, f"http://{HOST}:{receiver.port}/hook"))
    await posting(tracker, resolve=names).run()
    assert (await delivery(tracker, id_)).state == "delivered"
    assert names.asked == 1
    assert receiver.received[0].headers["host"] == f"{HOST}:{receiver.port}"


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["::1"],
        ["::ffff:127.0.0.1"],
        ["93.184.215.14", "127.0.0.1"],
        ["127.0.0.1", "93.184.215.14"],
        ["10.0.0.8"],
        ["169.254.169.254"],
    ],
)
async def test_a_public_name_for_an_address_within_is_not_sent_to(
    tracker: Service[Any], receiver: Receiver, addresses: list[str]
) -> None:
    (id_,) = await pinged(tracker, await registered(tracker, f"https://{HOST}:{receiver.port}/hook"))
    await posting(tracker, private=False, resolve=_resolving({HOST: addresses})).run()
    row = await delivery(tracker, id_)
    assert (row.state, row.error) == ("given_up", "域名解析到内网、本机、组播或保留地址，不推送")
    assert receiver.received == []


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "127.1", "017700000001", "localhost", "[::ffff:7f00:1]"])
async def test_an_address_written_otherwise_is_not_sent_to_even_if_it_was_registered_before(
    tracker: Service[Any], receiver: Receiver, host: str
) -> None:
    (id_,) = await pinged(tracker, await registered(tracker, f"https://{host}:{receiver.port}/hook"))
    await posting(tracker, private=False).run()
    row = await delivery(tracker, id_)
    assert (row.state, row.status) == ("given_up", None)
    assert "地址" in (row.error or "") or "域名" in (row.error or "")
    assert receiver.received == []


async def test_the_next_address_of_a_host_is_tried_when_one_cannot_be_reached(
    tracker: Service[Any], receiver: Receiver
) -> None:
    (id_,) = await pinged(tracker, await registered(tracker, f"http://{HOST}:{receiver.port}/hook"))
    await posting(tracker, resolve=_resolving({HOST: ["::1", "127.0.0.1"]})).run()
    assert (await delivery(tracker, id_)).state == "delivered"


async def test_a_proxy_of_the_environment_is_not_asked(
    tracker: Service[Any], receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with receiving(Receiver()) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        (id_,) = await pinged(tracker, await registered(tracker, receiver.url))
        await Sender.of(tracker).run()
        assert proxy.received == []
    assert (await delivery(tracker, id_)).state == "delivered"


async def test_the_certificate_is_checked_for_the_name_and_not_for_the_address(
    tracker: Service[Any], tmp_path: Path
) -> None:
    theirs, ours = _certified(tmp_path, HOST)
    asked: list[str | None] = []
    theirs.sni_callback = lambda _socket, name, _context: asked.append(name)
    async with receiving(Receiver(), theirs) as secure:
        good = await registered(tracker, f"https://{HOST}:{secure.port}/hook")
        other = await registered(tracker, f"https://other.test:{secure.port}/hook")
        (right,), (wrong,) = await pinged(tracker, good), await pinged(tracker, other)
        resolve = _resolving({HOST: ["127.0.0.1"], "other.test": ["127.0.0.1"]})
        await posting(tracker, resolve=resolve, trust=lambda: ours).run()
        assert (await delivery(tracker, right)).state == "delivered"
        assert (await delivery(tracker, wrong)).error == "对方的证书无法核实"
        assert sorted(map(str, asked)) == [HOST, "other.test"]
        assert len(secure.received) == 1
        (id_,) = await pinged(tracker, good)
        await replace(Sender.of(tracker), post=Post(True, resolve)).run()
        assert (await delivery(tracker, id_)).error == "对方的证书无法核实"


def _certified(folder: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's side with a certificate for this name, and a client's side that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    alternative = x509.SubjectAlternativeName([x509.DNSName(name), x509.IPAddress(ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2099, 1, 1, tzinfo=UTC))
        .add_extension(alternative, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    plain = serialization.NoEncryption()
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    (folder / "server.pem").write_bytes(pem + secret)
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    theirs.load_cert_chain(folder / "server.pem")
    return theirs, ssl.create_default_context(cadata=pem.decode())
