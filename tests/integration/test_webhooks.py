"""The push beside the queue: what an agency is told, signed so that it can be believed, and how it is looked after."""

import json
import re
import sqlite3
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from standardwebhooks.webhooks import WebhookVerificationError

from services.tracker.app import rebuilding
from services.tracker.replay import rebuild
from services.tracker.tables import kernel
from services.tracker.webhooks.concern import AUDIENCE, PUSHED
from services.tracker.webhooks.sending import RETRY, WAITS, Sender, clear
from services.tracker.webhooks.tables import Delivery, Webhook
from services.yousu.distributed.processes import Kept, Program
from services.yousu.distributed.supervisor import accepts
from shared import migrate
from shared.auth import Role
from shared.bus import PARTITIONS
from shared.client import Refused
from shared.clock import SystemClock
from shared.events import CaseOpened, ComplaintRated, ComplaintWithdrawn, ReviewAsked
from shared.testing import ManualClock
from tests.conftest import free_port
from tests.integration.receiver import Receiver, receiving
from tests.integration.tracker_alone import CO, LEAD, OTHER, TrackerAlone, refusal, tracker_alone

SECOND = timedelta(seconds=1)
ROOT = Path(__file__).parents[2]


@pytest.fixture
async def tracker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[TrackerAlone]:
    """A tracker that may send into its own network, at this very moment: the library looks at the clock too."""
    monkeypatch.setenv("YOUSU_TRACKER_WEBHOOK_PRIVATE", "true")
    async with tracker_alone(tmp_path, ManualClock(SystemClock().now())) as running:
        yield running


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving(Receiver()) as listening:
        yield listening


async def registered(tracker: TrackerAlone, url: str, agency: str = LEAD, **more: Any) -> Any:
    return await tracker.ask("POST", "/webhooks", "agency", agency, json={"url": url, **more})


async def sent(tracker: TrackerAlone) -> int:
    """What is due goes out; how many attempts that were."""
    return await Sender.of(tracker.service).run()


async def asked(tracker: TrackerAlone, method: str, path: str, agency: str = LEAD, **more: Any) -> Any:
    return await tracker.ask(method, f"/webhooks/{path}", "agency", agency, **more)


async def log(tracker: TrackerAlone, webhook: str, query: str = "", agency: str = LEAD) -> list[Any]:
    found = await asked(tracker, "GET", f"{webhook}/deliveries{query}", agency)
    return list(found["deliveries"])


async def refused(tracker: TrackerAlone, role: Role, body: dict[str, Any], agency: str | None = None) -> Refused:
    return await refusal(tracker.ask("POST", "/webhooks", role, agency, json=body))


# What is told, and to whom.


async def test_a_case_in_its_queue_reaches_the_agency_signed_and_thin(
    tracker: TrackerAlone, receiver: Receiver
) -> None:
    made = await registered(tracker, receiver.url)
    assert made["secret"].startswith("whsec_")
    number = await tracker.opened(title="张三 13803711234 投诉")
    assert await sent(tracker) == 1
    (one,) = receiver.received
    body = one.verified(made["secret"])
    assert (one.path, body["type"]) == ("/hook?office=1", "CaseOpened")
    assert body["timestamp"] == tracker.clock.now().isoformat().replace("+00:00", "Z")
    assert body["data"] == {"number": number, "event": one.id, "agency": LEAD, "role": "lead", "assignment": 1}
    assert one.headers["content-type"] == "application/json"
    with pytest.raises(WebhookVerificationError):
        one.verified("whsec_" + "A" * 44)


async def test_the_id_is_the_facts_own_so_that_a_repeat_can_be_dropped(
    tracker: TrackerAlone, receiver: Receiver
) -> None:
    await registered(tracker, receiver.url)
    await registered(tracker, receiver.url, CO)
    await tracker.opened()
    await sent(tracker)
    (fact,) = {one.id for one in receiver.received}
    assert [str(told.event_id) for told in await tracker.told(CaseOpened)] == [fact]
    assert {one.data["role"] for one in receiver.received} == {"lead", "co"}


async def test_a_whole_life_is_told_to_those_it_concerns_and_no_text_of_it(
    tracker: TrackerAlone, receiver: Receiver
) -> None:
    for agency in (LEAD, CO, OTHER):
        await registered(tracker, receiver.url, agency)
    number = await tracker.opened()
    await tracker.step(number, "acceptance")
    await tracker.step(number, "opinions", {"text": "机密会办意见"}, agency=CO)
    await tracker.step(number, "suspension", {"reason": "机密中止理由"})
    await tracker.step(number, "resumption")
    request = (await tracker.step(number, "extension-requests", {"days": 3, "reason": "机密延期理由"}))["id"]
    await tracker.supervisor("POST", f"/extension-requests/{request}/decision", {"approved": True})
    order = await tracker.supervisor(
        "POST", f"/cases/{number}/supervision-orders", {"reason": "机密督办理由", "days": 2}
    )
    await tracker.ask(
        "POST", f"/supervision-orders/{order['order']}/reply", "agency", LEAD, json={"text": "机密督办回复"}
    )
    await tracker.step(number, "replies", {"text": "机密答复", "met": True})
    await tracker.step(number, "replies", {"text": "机密内部意见", "met": True, "internal": True})
    await tracker.step(number, "resolution")
    await tracker.hears(ReviewAsked, number, reason="机密复核理由")
    decision = {"upheld": False, "reason": "机密复核决定"}
    await tracker.supervisor("POST", f"/cases/{number}/review-decision", decision)
    await tracker.step(number, "replies", {"text": "机密再答复", "met": True})
    await tracker.step(number, "resolution")
    await tracker.hears(ComplaintRated, number, grade=5, solved=True, comment="机密评语")
    await sent(tracker)
    told = {agency: [one for one in receiver.received if one.data["agency"] == agency] for agency in (LEAD, CO, OTHER)}
    lead, co = ({one.type for one in told[agency]} for agency in (LEAD, CO))
    shared = {"CaseOpened", "CaseAccepted", "CaseSuspended", "CaseResumed", "DeadlinesMoved", "CaseReplied"}
    assert co == shared | {"CaseResolved", "CaseReopened"}
    assert lead - co == {
        *("OpinionGiven", "ExtensionDecided", "CaseSupervised", "SupervisionReplied"),
        *("ReviewOpened", "ReviewDecided", "CaseRated"),
    }
    assert lead >= co
    assert told[OTHER] == []
    assert all(one.data["number"] == number for one in receiver.received)
    assert not any("机密" in one.body or "拖欠" in one.body for one in receiver.received)
    (supervised,) = [one for one in receiver.received if one.type == "CaseSupervised"]
    assert supervised.data["order"] == order["order"]


async def test_cards_and_the_bulletin_reach_the_agency_that_is_late(tracker: TrackerAlone, receiver: Receiver) -> None:
    await registered(tracker, receiver.url, facts=["DeadlineWarned", "DeadlineMissed", "AgencyNamed"])
    await registered(tracker, receiver.url, CO, facts=["DeadlineMissed", "AgencyNamed"])
    await tracker.opened()
    await tracker.pass_days(30)
    await sent(tracker)
    late = {(one.type, one.data["agency"], one.data["stage"]) for one in receiver.received}
    assert {("DeadlineMissed", LEAD, "accept"), ("AgencyNamed", LEAD, "accept")} <= late
    assert {("DeadlineMissed", CO, "opinion"), ("DeadlineWarned", LEAD, "resolve")} <= late
    assert not any(stage == "opinion" for _, agency, stage in late if agency == LEAD)


async def test_returned_and_assigned_away_is_told_to_the_agency_before(
    tracker: TrackerAlone, receiver: Receiver
) -> None:
    await registered(tracker, receiver.url, facts=["CaseReturned", "CaseOpened"])
    await registered(tracker, receiver.url, OTHER)
    number = await tracker.opened()
    await tracker.step(number, "return", {"code": "NOT_OUR_DUTY", "reason": "不属于职责"})
    await tracker.assign(number, 2, lead_agency=OTHER, co_agencies=())
    await sent(tracker)
    mine = [one for one in receiver.received if one.data["agency"] == LEAD]
    assert sorted((one.type, one.data["role"]) for one in mine) == [
        ("CaseOpened", "former"),
        ("CaseOpened", "lead"),
        ("CaseReturned", "lead"),
    ]
    (other,) = [one for one in receiver.received if one.data["agency"] == OTHER]
    assert (other.type, other.data["role"], other.data["assignment"]) == ("CaseOpened", "lead", 2)
    assert [one.data.get("code") for one in mine if one.type == "CaseReturned"] == ["NOT_OUR_DUTY"]


async def test_a_withdrawal_is_told(tracker: TrackerAlone, receiver: Receiver) -> None:
    await registered(tracker, receiver.url, facts=["CaseClosed"])
    number = await tracker.opened()
    await tracker.hears(ComplaintWithdrawn, number)
    await sent(tracker)
    assert [(one.type, one.data["why"]) for one in receiver.received] == [("CaseClosed", "withdrawn")]


async def test_a_step_that_is_refused_tells_nobody(tracker: TrackerAlone, receiver: Receiver) -> None:
    await registered(tracker, receiver.url, facts=["CaseResolved"])
    number = await tracker.opened()
    assert (await tracker.refusal(number, "resolution")).status == 409
    assert await sent(tracker) == 0


async def test_a_replay_pushes_nothing_even_where_somebody_listens(
    tracker: TrackerAlone, receiver: Receiver, tmp_path: Path
) -> None:
    receiver.status = 500
    await registered(tracker, receiver.url)
    number = await tracker.opened()
    await tracker.step(number, "acceptance")
    attempts = await sent(tracker)
    assert attempts == len(receiver.received) == 2
    fresh = rebuilding(tracker.rig.around, f"sqlite+aiosqlite:///{tmp_path}/fresh.db")
    await migrate.upgrade(fresh.database, fresh.spec.migrations, fresh.spec.metadata)
    async with fresh.database.writing() as session:
        whose: dict[str, Any] = {"agency": LEAD, "created_at": tracker.clock.now(), "created_by": "admin"}
        session.add(Webhook(id="w", url=receiver.url, secret=b"", **whose))
    assert await rebuild(fresh, tracker.rig.bus, PARTITIONS) > 4
    async with fresh.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(Delivery)) == 0
        timers = select(func.count()).select_from(kernel.timer).where(kernel.timer.c.kind == RETRY)
        assert await session.scalar(timers) == 0
        assert await session.scalar(select(func.count()).select_from(kernel.timer)) != 0
    assert await Sender.of(fresh).run() == 0
    await fresh.database.close()
    assert len(receiver.received) == attempts


# Tries, and when they end.


async def test_what_fails_is_tried_again_on_schedule_and_then_given_up(
    tracker: TrackerAlone, receiver: Receiver
) -> None:
    receiver.status = 503
    made = await registered(tracker, receiver.url, facts=["CaseOpened"])
    await tracker.opened()
    assert await sent(tracker) == 1
    for tries, wait in enumerate(WAITS, 1):
        (entry,) = await log(tracker, made["id"])
        assert (entry["state"], entry["attempts"], entry["status"], entry["error"]) == (
            "waiting",
            tries,
            503,
            "应答 503",
        )
        tracker.clock.move(wait - SECOND)
        await tracker.rig.settle()
        assert await sent(tracker) == 0
        tracker.clock.move(SECOND)
        await tracker.rig.settle()
        assert await sent(tracker) == 1
    (entry,) = await log(tracker, made["id"], "?state=given_up")
    assert (entry["attempts"], entry["next_at"], entry["answer"]) == (8, None, "thanks")
    assert len(set(receiver.ids)) == 1
    assert [round(wait.total_seconds()) for wait in WAITS] == [5, 300, 1800, 7200, 18000, 36000, 50400]
    tracker.clock.move(timedelta(days=9))
    await tracker.rig.settle()
    assert await sent(tracker) == 0


async def test_a_retry_that_gets_through_is_signed_for_its_own_moment(
    tracker: TrackerAlone, receiver: Receiver
) -> None:
    receiver.statuses = [500]
    made = await registered(tracker, receiver.url, facts=["CaseOpened"])
    await tracker.opened()
    await sent(tracker)
    tracker.clock.move(timedelta(seconds=5))
    await tracker.rig.settle()
    await sent(tracker)
    first, second = receiver.received
    assert first.id == second.id
    assert int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) == 5
    assert first.verified(made["secret"]) == second.verified(made["secret"])
    (entry,) = await log(tracker, made["id"])
    assert (entry["state"], entry["attempts"], entry["status"], entry["error"]) == ("delivered", 2, 200, None)
    assert (await asked(tracker, "GET", made["id"]))["failing_since"] is None


async def test_410_disables_the_address_and_drops_what_waits(tracker: TrackerAlone, receiver: Receiver) -> None:
    receiver.statuses = [500, 410]
    made = await registered(tracker, receiver.url, facts=["CaseOpened"])
    first = await tracker.opened()
    await sent(tracker)
    second = await tracker.opened()
    await sent(tracker)
    shown = await asked(tracker, "GET", made["id"])
    assert (shown["enabled"], shown["disabled_why"]) == (False, "gone")
    states = {entry["number"]: entry["state"] for entry in await log(tracker, made["id"])}
    assert states == {first: "dropped", second: "given_up"}
    await tracker.opened()
    tracker.clock.move(timedelta(days=1))
    await tracker.rig.settle()
    assert await sent(tracker) == 0
    again = await asked(tracker, "PATCH", made["id"], json={"enabled": True})
    assert (again["enabled"], again["disabled_why"], again["failing_since"]) == (True, None, None)
    third = await tracker.opened()
    await sent(tracker)
    assert receiver.received[-1].data["number"] == third


async def test_an_address_that_fails_for_days_is_disabled(tracker: TrackerAlone, receiver: Receiver) -> None:
    receiver.status = 500
    made = await registered(tracker, receiver.url, facts=["CaseOpened"])

    async def enabled() -> bool:
        return bool((await asked(tracker, "GET", made["id"]))["enabled"])

    for _ in range(3):
        await tracker.opened()
        assert await enabled()
        await sent(tracker)
        for wait in WAITS:
            tracker.clock.move(wait)
            await tracker.rig.settle()
            await sent(tracker)
        assert await enabled()
        tracker.clock.move(timedelta(hours=8))
    await tracker.opened()
    for wait in (timedelta(0), *WAITS):
        tracker.clock.move(wait)
        await tracker.rig.settle()
        await sent(tracker)
    shown = await asked(tracker, "GET", made["id"])
    assert (shown["enabled"], shown["disabled_why"]) == (False, "failing")


async def test_a_delivery_can_be_asked_for_again_under_the_same_id(tracker: TrackerAlone, receiver: Receiver) -> None:
    made = await registered(tracker, receiver.url, facts=["CaseOpened"])
    await tracker.opened()
    (entry,) = await log(tracker, made["id"])
    redelivery = f"{made['id']}/deliveries/{entry['id']}/redelivery"
    early = await refusal(asked(tracker, "POST", redelivery))
    assert (early.status, early.type) == (409, "urn:yousu:problem:delivery-open")
    await sent(tracker)
    await asked(tracker, "POST", redelivery)
    await sent(tracker)
    assert len(receiver.ids) == 2
    assert len(set(receiver.ids)) == 1
    receiver.status = 500
    await asked(tracker, "POST", redelivery)
    await sent(tracker)
    (entry,) = await log(tracker, made["id"])
    assert (entry["state"], entry["attempts"], entry["status"]) == ("waiting", 3, 500)
    missing = await refusal(asked(tracker, "POST", f"{made['id']}/deliveries/none/redelivery"))
    assert (missing.status, missing.type) == (404, "urn:yousu:problem:no-such-delivery")


async def test_a_ping_is_tried_once_and_says_nothing_of_a_case(tracker: TrackerAlone, receiver: Receiver) -> None:
    receiver.statuses = [500]
    made = await registered(tracker, receiver.url)
    pinged = await asked(tracker, "POST", f"{made['id']}/test")
    await sent(tracker)
    (entry,) = await log(tracker, made["id"])
    assert (entry["id"], entry["type"], entry["state"]) == (pinged["delivery"], "ping", "given_up")
    assert (await asked(tracker, "GET", made["id"]))["failing_since"] is None
    await asked(tracker, "POST", f"{made['id']}/test")
    await sent(tracker)
    body = receiver.received[-1].verified(made["secret"])
    assert (body["type"], body["data"]) == ("ping", {"event": receiver.ids[-1], "agency": LEAD})


# Secrets.


async def test_a_rotated_secret_signs_beside_the_one_before_for_a_day(
    tracker: TrackerAlone, receiver: Receiver
) -> None:
    made = await registered(tracker, receiver.url)
    fresh = await asked(tracker, "POST", f"{made['id']}/secret")
    assert fresh["secret"] != made["secret"]
    await asked(tracker, "POST", f"{made['id']}/test")
    await sent(tracker)
    (both,) = receiver.received
    assert both.verified(made["secret"]) == both.verified(fresh["secret"])
    assert len(both.headers["webhook-signature"].split(" ")) == 2
    tracker.clock.move(timedelta(hours=24) - SECOND)
    await asked(tracker, "POST", f"{made['id']}/test")
    await sent(tracker)
    tracker.clock.move(SECOND)
    await asked(tracker, "POST", f"{made['id']}/test")
    await sent(tracker)
    signatures = [len(one.headers["webhook-signature"].split(" ")) for one in receiver.received]
    assert signatures == [2, 2, 1]


async def test_secrets_are_sealed_at_rest_and_told_once(tracker: TrackerAlone, tmp_path: Path) -> None:
    made = await registered(tracker, "http://127.0.0.1:8001/hook")
    fresh = await asked(tracker, "POST", f"{made['id']}/secret")
    shown = await asked(tracker, "GET", made["id"])
    assert "secret" not in shown
    listed = json.dumps(await tracker.ask("GET", "/webhooks", "agency", LEAD))
    for secret in (made["secret"], fresh["secret"]):
        assert secret not in listed
        assert not _in_any_file(tmp_path, secret)


def _in_any_file(folder: Path, word: str) -> bool:
    found = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    assert any(b"webhook" in content for content in found)
    return any(word.encode() in content for content in found)


async def test_a_repeated_registration_makes_one_address_and_gets_the_same_secret(tracker: TrackerAlone) -> None:
    key = {"Idempotency-Key": "hook-1"}
    first, second = [await registered_with(tracker, "http://127.0.0.1:8001/hook", key) for _ in range(2)]
    assert (first["id"], first["secret"]) == (second["id"], second["secret"])
    assert len((await tracker.ask("GET", "/webhooks", "agency", LEAD))["webhooks"]) == 1


async def registered_with(tracker: TrackerAlone, url: str, headers: dict[str, str]) -> Any:
    return await tracker.ask("POST", "/webhooks", "agency", LEAD, json={"url": url}, headers=headers)


# Who may do what.


async def test_an_agency_sees_and_changes_its_own_addresses_alone(tracker: TrackerAlone) -> None:
    made = await registered(tracker, "http://127.0.0.1:8001/hook")
    paths = [("GET", made["id"]), ("PATCH", made["id"]), ("DELETE", made["id"]), ("GET", f"{made['id']}/deliveries")]
    paths += [("POST", f"{made['id']}/secret"), ("POST", f"{made['id']}/test")]
    paths += [("POST", f"{made['id']}/deliveries/none/redelivery")]
    for method, path in paths:
        body = {"json": {"enabled": False}} if method == "PATCH" else {}
        found = await refusal(asked(tracker, method, path, OTHER, **body))
        assert (found.status, found.type) == (404, "urn:yousu:problem:no-such-webhook")
    assert (await tracker.ask("GET", "/webhooks", "agency", OTHER))["webhooks"] == []
    assert (await asked(tracker, "GET", made["id"]))["enabled"] is True
    for role in ("dispatcher", "supervisor", "enterprise"):
        assert (await refusal(tracker.ask("GET", "/webhooks", role))).status == 403


async def test_an_admin_registers_for_an_agency_and_sees_all(tracker: TrackerAlone, receiver: Receiver) -> None:
    nobody = await refused(tracker, "admin", {"url": receiver.url})
    assert (nobody.status, [error["field"] for error in nobody.errors]) == (422, ["agency"])
    unknown = await refused(tracker, "admin", {"url": receiver.url, "agency": "hn-nowhere"})
    assert [error["field"] for error in unknown.errors] == ["agency"]
    foreign = await refused(tracker, "agency", {"url": receiver.url, "agency": OTHER}, LEAD)
    assert (foreign.status, foreign.type) == (403, "urn:yousu:problem:not-own-agency")
    made = await tracker.ask("POST", "/webhooks", "admin", json={"url": receiver.url, "agency": LEAD})
    tracker.clock.move(SECOND)
    await registered(tracker, receiver.url, CO)
    seen = await tracker.ask("GET", "/webhooks", "admin")
    assert [one["agency"] for one in seen["webhooks"]] == [LEAD, CO]
    only = await tracker.ask("GET", f"/webhooks?agency={LEAD}", "admin")
    assert [one["id"] for one in only["webhooks"]] == [made["id"]]


async def test_what_is_wrong_is_named(tracker: TrackerAlone) -> None:
    good = "http://127.0.0.1:8001/hook"
    wrong: list[tuple[dict[str, Any], str]] = [
        ({}, "url"),
        ({"url": "gopher://x"}, "url"),
        ({"url": "http://169.254.169.254/"}, "url"),
        ({"url": 5}, "url"),
        ({"url": good, "facts": []}, "facts"),
        ({"url": good, "facts": ["CaseOpened", "ComplaintFiled"]}, "facts"),
        ({"url": good, "facts": "CaseOpened"}, "facts"),
        ({"url": good, "secret": "whsec_mine"}, "secret"),
    ]
    for body, field in wrong:
        found = await refused(tracker, "agency", body, LEAD)
        assert (found.status, [error["field"] for error in found.errors]) == (422, [field]), body
        assert all(error["reason"] not in ("", "不正确") for error in found.errors)
    made = await registered(tracker, good)
    for change, field in (({"enabled": 1}, "enabled"), ({"url": "x"}, "url"), ({"facts": ["Nothing"]}, "facts")):
        found = await refusal(asked(tracker, "PATCH", made["id"], json=change))
        assert (found.status, [error["field"] for error in found.errors]) == (422, [field])
    listed = await refusal(asked(tracker, "GET", f"{made['id']}/deliveries?state=lost"))
    assert (listed.status, [error["field"] for error in listed.errors]) == (422, ["state"])


async def test_without_the_setting_only_public_https_is_taken(tmp_path: Path, clock: ManualClock) -> None:
    async with tracker_alone(tmp_path, clock) as tracker:
        for url in ("http://example.com/", "https://127.0.0.1:8443/", "https://intake:8443/", "https://2130706433/"):
            found = await refused(tracker, "agency", {"url": url}, LEAD)
            assert (found.status, [error["field"] for error in found.errors]) == (422, ["url"])
        assert (await registered(tracker, "https://oa.gxt.henan.gov.cn/hook"))["enabled"] is True


async def test_an_agency_has_so_many_addresses_and_no_more(tracker: TrackerAlone) -> None:
    for ordinal in range(20):
        await registered(tracker, f"http://127.0.0.1:8001/{ordinal}")
    found = await refused(tracker, "agency", {"url": "http://127.0.0.1:8001/more"}, LEAD)
    assert (found.status, found.type) == (409, "urn:yousu:problem:too-many-webhooks")
    await registered(tracker, "http://127.0.0.1:8001/hook", CO)


async def test_a_change_touches_what_is_given(tracker: TrackerAlone, receiver: Receiver) -> None:
    made = await registered(tracker, "http://127.0.0.1:8001/", facts=["CaseRated", "CaseOpened", "CaseOpened"])
    assert made["facts"] == ["CaseOpened", "CaseRated"]
    moved = await asked(tracker, "PATCH", made["id"], json={"url": receiver.url})
    assert (moved["url"], moved["facts"], moved["enabled"]) == (receiver.url, ["CaseOpened", "CaseRated"], True)
    every = await asked(tracker, "PATCH", made["id"], json={"facts": None})
    assert (every["url"], every["facts"]) == (receiver.url, None)
    number = await tracker.opened()
    off = await asked(tracker, "PATCH", made["id"], json={"enabled": False})
    assert (off["enabled"], off["disabled_why"]) == (False, "asked")
    assert [entry["state"] for entry in await log(tracker, made["id"])] == ["dropped"]
    await tracker.step(number, "acceptance")
    assert await sent(tracker) == 0
    pinged = await refusal(asked(tracker, "POST", f"{made['id']}/test"))
    assert (pinged.status, pinged.type) == (409, "urn:yousu:problem:webhook-disabled")


async def test_a_deleted_address_is_told_nothing_more(tracker: TrackerAlone, receiver: Receiver) -> None:
    made = await registered(tracker, receiver.url)
    await tracker.opened()
    assert await asked(tracker, "DELETE", made["id"]) is None
    await tracker.opened()
    assert await sent(tracker) == 0
    assert (await refusal(asked(tracker, "GET", made["id"]))).status == 404
    async with tracker.service.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(Delivery)) == 0


# What is kept, and counted.


async def test_the_log_is_paged_newest_first_and_filtered(tracker: TrackerAlone, receiver: Receiver) -> None:
    made = await registered(tracker, receiver.url, facts=["CaseOpened"])
    numbers = []
    for _ in range(5):
        numbers.append(await tracker.opened())
        tracker.clock.move(SECOND)
    receiver.statuses = [500]
    await sent(tracker)
    first = await asked(tracker, "GET", f"{made['id']}/deliveries?limit=3")
    second = await asked(tracker, "GET", f"{made['id']}/deliveries?limit=3&cursor={first['next']}")
    assert [entry["number"] for entry in first["deliveries"] + second["deliveries"]] == numbers[::-1]
    assert second["next"] is None
    states = [len(await log(tracker, made["id"], f"?state={state}")) for state in ("delivered", "waiting", "dropped")]
    assert states == [4, 1, 0]


async def test_only_the_beginning_of_an_answer_is_kept(tracker: TrackerAlone, receiver: Receiver) -> None:
    receiver.answer = b"\x00" + "诉".encode() * 100_000
    made = await registered(tracker, receiver.url)
    await asked(tracker, "POST", f"{made['id']}/test")
    await sent(tracker)
    (entry,) = await log(tracker, made["id"])
    assert entry["state"] == "delivered"
    assert entry["answer"].startswith("\ufffd诉诉")
    assert len(entry["answer"].encode()) < 1200


async def test_metrics_say_what_waits_how_long_and_which_addresses_fail(
    tracker: TrackerAlone, receiver: Receiver
) -> None:
    receiver.statuses = [500, 410]
    await registered(tracker, receiver.url, facts=["CaseOpened"])
    await registered(tracker, receiver.url, CO, facts=["CaseOpened"])
    assert await figures(tracker) == {"waiting": 0, "oldest": 0, "failing": 0, "disabled": 0}
    await tracker.opened()
    tracker.clock.move(timedelta(seconds=3))
    assert await figures(tracker) == {"waiting": 2, "oldest": 3, "failing": 0, "disabled": 0}
    await sent(tracker)
    assert await figures(tracker) == {"waiting": 1, "oldest": 3, "failing": 1, "disabled": 1}


async def figures(tracker: TrackerAlone) -> dict[str, float]:
    async with tracker.client() as client:
        text = (await client._http.get("/metrics")).text
    names = {
        "deliveries_waiting": "waiting",
        "oldest_waiting_seconds": "oldest",
        "endpoints_failing": "failing",
        "endpoints_disabled": "disabled",
    }
    values = dict(line.split(" ") for line in text.splitlines() if line.startswith("yousu_webhook_"))
    return {word: float(values[f"yousu_webhook_{name}"]) for name, word in names.items()}


async def test_old_entries_of_the_log_go_and_open_ones_stay(tracker: TrackerAlone, receiver: Receiver) -> None:
    made = await registered(tracker, receiver.url, facts=["CaseOpened"])
    await tracker.opened()
    await sent(tracker)
    await clear(tracker.service)
    assert len(await log(tracker, made["id"])) == 1
    tracker.clock.move(timedelta(days=30) + SECOND)
    receiver.status = 500
    fresh = await tracker.opened()
    await sent(tracker)
    await clear(tracker.service)
    assert [(entry["number"], entry["state"]) for entry in await log(tracker, made["id"])] == [(fresh, "waiting")]


def test_what_can_be_subscribed_to_is_in_the_docs() -> None:
    text = (ROOT / "docs" / "architecture" / "webhooks.md").read_text(encoding="utf-8")
    words = {
        "lead": "lead",
        "all": "lead, co-agencies",
        "moved": "lead, co-agencies, and those of the assignment before",
    }
    rows = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", text, re.MULTILINE))
    assert list(rows) == list(PUSHED)
    for fact, audience in AUDIENCE.items():
        told = rows[fact.__name__]
        assert told.startswith("the agency") if audience == "named" else told == words[audience]


async def test_the_example_receiver_believes_what_is_signed_and_drops_repeats(
    tracker: TrackerAlone, tmp_path: Path
) -> None:
    port = free_port()
    mine, forged = [await registered(tracker, f"http://127.0.0.1:{port}/", facts=["CaseOpened"]) for _ in range(2)]
    with example_receiver(tmp_path, port, mine["secret"]):
        number = await tracker.opened()
        await sent(tracker)
        (good,), (bad,) = await log(tracker, mine["id"]), await log(tracker, forged["id"])
        await asked(tracker, "POST", f"{mine['id']}/deliveries/{good['id']}/redelivery")
        await sent(tracker)
    (again,) = await log(tracker, mine["id"])
    assert (again["state"], again["status"], again["attempts"]) == ("delivered", 204, 2)
    assert (bad["state"], bad["status"]) == ("waiting", 401)
    with closing(sqlite3.connect(tmp_path / "kept.db")) as database:
        kept = database.execute("SELECT id, body FROM message").fetchall()
    assert [(id_, json.loads(body)["data"]["number"]) for id_, body in kept] == [(good["event"], number)]


@contextmanager
def example_receiver(folder: Path, port: int, secret: str) -> Iterator[None]:
    """The example of the docs, as its own process."""
    told = {"SECRET": secret, "PORT": str(port), "FILE": str(folder / "kept.db")}
    environment = {f"YOUSU_WEBHOOK_{name}": value for name, value in told.items()}
    command = [sys.executable, str(ROOT / "examples" / "webhook_receiver.py")]
    kept = Kept(Program("receiver", command, lambda: accepts(port), environment), folder, folder)
    kept.start()
    try:
        yield
    finally:
        kept.stop()
