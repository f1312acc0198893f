"""What a copy, a loss and a restart may have cut in two; and when a service refuses to work on what it has."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, text

from shared import unheard
from shared.catching_up import Unsaid, catch_up
from shared.client import Refused
from shared.errors import Transient
from shared.events import CaseOpened, ComplaintFiled, RouteStarted, decode
from shared.older import Older
from shared.runtime import Service
from shared.testing import ManualClock
from shared.unpark import put_back as unpark
from tests.integration.lives import Lives
from tests.integration.marks import different
from tests.integration.three import SERVICES, World, copy, prove, put_back, world


async def told(world: World, kind: type[Any], number: str) -> int:
    """How often a fact of this kind was told of this complaint, each event counted once."""
    facts = [decode(body) for body in await world.stream()]
    return len({fact.event_id for fact in facts if type(fact) is kind and fact.number == number})


async def pass_on(world: World, name: str) -> None:
    """The service reads all there is, and sends what it has to tell."""
    service = world.rig.services[name]
    while await world.rig.consume(service):
        pass
    await world.rig.relay(service)


async def test_what_the_lost_database_had_not_read_is_handled_now(tmp_path: Path, clock: ManualClock) -> None:
    folder, copies = tmp_path / "data", tmp_path / "copies"
    async with world(folder, clock) as before:
        await before.rig.settle()
        copy(folder, copies)
        number = await before.people.file(1)
        await before.rig.relay(before.rig.services["intake"])
        await pass_on(before, "router")
    put_back(copies, folder, ["tracker"])
    async with world(folder, clock) as after:
        caught = await catch_up(after.rig.services["tracker"])
        assert (caught.applied, caught.handled) == (0, 2)
        await after.rig.settle()
        assert (await after.people.case(number))["state"] == "to_accept"
        assert [await told(after, kind, number) for kind in (RouteStarted, CaseOpened)] == [1, 1]


async def test_an_answer_that_was_lost_with_the_database_is_told_after_all(tmp_path: Path, clock: ManualClock) -> None:
    folder, copies = tmp_path / "data", tmp_path / "copies"
    async with world(folder, clock) as before:
        await before.rig.settle()
        copy(folder, copies)
        number = await before.people.file(1)
        await before.rig.relay(before.rig.services["intake"])
        await pass_on(before, "router")
        while await before.rig.consume(before.rig.services["tracker"]):
            pass
        assert await told(before, CaseOpened, number) == 0
    put_back(copies, folder, ["tracker"])
    async with world(folder, clock) as after:
        with pytest.raises(Older):
            await prove(after.rig.services["tracker"])
        assert (await catch_up(after.rig.services["tracker"])).handled == 2
        await after.rig.settle()
        assert (await after.people.case(number))["state"] == "to_accept"
        assert await told(after, CaseOpened, number) == 1


async def test_a_step_that_was_told_keeps_what_was_not_read_before_it_for_now(
    tmp_path: Path, clock: ManualClock
) -> None:
    """The agency went on while the rating lay unread: it is no proof that the rating was counted."""
    folder, copies = tmp_path / "data", tmp_path / "copies"
    async with world(folder, clock) as before:
        number = await before.people.file(1, amount="90000.00")
        await before.rig.settle()
        for step, body in (("acceptance", {}), ("replies", {"text": "已付款", "met": True}), ("resolution", {})):
            await before.people.leads(number, step, **body)
            await before.rig.settle()
        copy(folder, copies)
        await before.people.says(number, "rating", grade=1, solved=False)
        await before.rig.relay(before.rig.services["intake"])
        at = {"at": clock.now().isoformat(), "evidence": "回单"}
        await before.people.leads(number, "arrears", verified="90000.00", repaid="90000.00", **at)
        await before.rig.relay(before.rig.services["tracker"])
    put_back(copies, folder, ["tracker"])
    async with world(folder, clock) as after:
        caught = await catch_up(after.rig.services["tracker"])
        assert (caught.applied, caught.handled) == (1, 1)
        case = await after.people.case(number)
        assert case["state"] == "reopened"
        assert case["arrears"]["repaid"] == "90000.00"


@pytest.mark.parametrize("commits", [1, 4, 9])
async def test_a_run_that_was_interrupted_is_run_again(
    commits: int, tmp_path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unheard, "PAGE", 5)
    folder, copies = tmp_path / "data", tmp_path / "copies"
    async with world(folder, clock) as before:
        lives = Lives(before.people)
        await before.live(lives, 1)
        copy(folder, copies)
        await before.live(lives, 4, begin=False)
        untouched, stream = await before.marks(), await before.stream()
    put_back(copies, folder, SERVICES)
    async with world(folder, clock) as after:
        for service in after.rig.services.values():
            go_on, left = service.consumer.on_commit, iter(range(commits))

            def end_of_power(left: Any = left) -> None:
                if next(left, None) is None:
                    raise Transient("the power went")

            service.consumer.on_commit = end_of_power
            with pytest.raises(Transient):
                await catch_up(service)
            service.consumer.on_commit = go_on
            await catch_up(service)
        await after.rig.settle()
        assert different(await after.marks(), untouched) == []
        assert await after.stream() == stream


async def waiting(service: Service[Any]) -> int:
    outbox = service.spec.kernel.outbox
    async with service.database.reading() as session:
        return await session.scalar(select(func.count()).select_from(outbox).where(outbox.c.sent_at.is_(None))) or 0


async def test_what_waited_in_the_copy_and_was_sent_since_is_not_sent_again(tmp_path: Path, clock: ManualClock) -> None:
    folder, copies = tmp_path / "data", tmp_path / "copies"
    async with world(folder, clock) as before:
        await before.open()
        numbers = [await before.people.file(seed) for seed in range(1, 6)]
        copy(folder, copies)
        await before.rig.settle()
        untouched, stream = await before.marks(), await before.stream()
    put_back(copies, folder, SERVICES)
    async with world(folder, clock) as after:
        intake = after.rig.services["intake"]
        assert await waiting(intake) == len(numbers)
        assert "ComplaintFiled" not in (await catch_up(intake)).own
        assert await waiting(intake) == 0
        await after.catch_up()
        await after.rig.settle()
        assert different(await after.marks(), untouched) == []
        assert await after.stream() == stream


async def test_what_waited_in_the_copy_and_is_sent_again_changes_nothing(tmp_path: Path, clock: ManualClock) -> None:
    """The others were not lost: to them it comes twice, a life later."""
    folder, copies = tmp_path / "data", tmp_path / "copies"
    async with world(folder, clock) as before:
        await before.open()
        number = await before.people.file(1)
        copy(folder, copies)
        await before.rig.settle()
        await before.people.leads(number, "acceptance")
        await before.rig.settle()
        untouched = await before.marks()
    put_back(copies, folder, ["intake"])
    async with world(folder, clock) as after:
        assert await after.rig.relay(after.rig.services["intake"]) == 1
        filed = [body for body in await after.stream() if type(decode(body)) is ComplaintFiled]
        assert len(filed) == 2
        await catch_up(after.rig.services["intake"])
        await after.rig.settle()
        assert different(await after.marks(), untouched) == []


async def test_who_filed_after_the_copy_is_not_known_any_more_and_the_case_goes_on(
    tmp_path: Path, clock: ManualClock
) -> None:
    folder, copies = tmp_path / "data", tmp_path / "copies"
    async with world(folder, clock) as before:
        known = await before.people.file(1)
        await before.rig.settle()
        copy(folder, copies)
        lost = await before.people.file(2)
        await before.rig.settle()
        codes = before.people.codes
    put_back(copies, folder, SERVICES)
    async with world(folder, clock) as after:
        caught = await after.catch_up()
        assert caught["intake"].own == {"ComplaintFiled": [lost]}
        after.people.codes = codes
        await after.people.says(known, "supplements", text="补充发票")
        with pytest.raises(Refused, match="查询码") as refused:
            await after.people.says(lost, "supplements", text="补充发票")
        assert refused.value.status == 404
        identity = await after.people.ask("supervisor", "GET", f"/complaints/{lost}/identity")
        content = await after.people.ask("supervisor", "GET", f"/complaints/{lost}/content")
        assert (identity, content["title"]) == ({}, "镇政府拖欠道路工程款两年")
        await after.people.leads(lost, "acceptance")
        await after.rig.settle()
        assert (await after.people.ask("supervisor", "GET", f"/complaints/{lost}"))["status"] == "handling"


async def parked_while_filed(world: World, seed: int) -> str:
    """A complaint whose first fact could not be handled by the tracker, so that all later ones wait behind it."""
    number, tracker = await world.people.file(seed), world.rig.services["tracker"]
    async with world.rig.services["intake"].database.reading() as session:
        body = await session.scalar(text("SELECT body FROM outbox WHERE number = :number"), {"number": number})
    await tracker.parking.park(number, body, None, "a fault of the release before")
    await world.rig.settle()
    return number


async def test_what_was_put_back_after_the_copy_was_made_is_not_parked_any_more(
    tmp_path: Path, clock: ManualClock
) -> None:
    folder, copies = tmp_path / "data", tmp_path / "copies"
    async with world(folder, clock) as before:
        number, left = await parked_while_filed(before, 1), await parked_while_filed(before, 2)
        copy(folder, copies)
        tracker = before.rig.services["tracker"]
        assert (await unpark(tracker.consumer, number)).done == 2
        await before.rig.settle()
        await before.people.leads(number, "acceptance")
        await before.rig.settle()
        untouched, stream = await before.marks(), await before.stream()
    put_back(copies, folder, ["tracker"])
    async with world(folder, clock) as after:
        await catch_up(after.rig.services["tracker"])
        await after.rig.settle()
        assert {parked.number for parked in await after.rig.services["tracker"].parking.list()} == {left}
        assert different(await after.marks(), untouched) == []
        assert await after.stream() == stream


async def test_an_empty_database_in_place_of_a_full_one_is_refused_and_made_again(
    tmp_path: Path, clock: ManualClock
) -> None:
    folder = tmp_path / "data"
    async with world(folder, clock) as before:
        lives = Lives(before.people)
        await before.live(lives, 2)
        await before.live(lives, 3, begin=False)
        untouched = await before.marks()
    for left in folder.glob("tracker.db*"):
        left.unlink()
    async with world(folder, clock) as after:
        tracker = after.rig.services["tracker"]
        with pytest.raises(Older):
            await prove(tracker)
        await catch_up(tracker)
        await prove(tracker)
        assert different(await after.marks(), untouched) == []


async def test_a_database_of_a_release_that_kept_no_place_goes_on_and_cannot_catch_up(
    tmp_path: Path, clock: ManualClock
) -> None:
    async with world(tmp_path / "data", clock) as here:
        await here.people.file(1)
        await here.rig.settle()
        tracker = here.rig.services["tracker"]
        async with tracker.database.writing() as session:
            await session.execute(text("DELETE FROM reached"))
        with pytest.raises(Unsaid):
            await catch_up(tracker)
        await prove(tracker)
        assert (await catch_up(tracker)).applied == 0


async def test_what_a_release_that_kept_no_place_read_meanwhile_is_known(tmp_path: Path, clock: ManualClock) -> None:
    async with world(tmp_path / "data", clock) as here:
        await here.people.file(1)
        await here.rig.settle()
        tracker = here.rig.services["tracker"]
        async with tracker.database.writing() as session:
            await session.execute(text("UPDATE reached SET next_offset = 0"))
        await prove(tracker)


async def test_on_another_stream_a_restored_database_goes_on_from_its_end(tmp_path: Path, clock: ManualClock) -> None:
    folder = tmp_path / "data"
    async with world(folder, clock) as before:
        await before.live(Lives(before.people), 1)
    for left in folder.glob("facts.db*"):
        left.unlink()
    async with world(folder, clock) as after:
        caught = await after.catch_up()
        assert all(one.shorter > 0 for one in caught.values())
        assert {one.shorter for one in (await after.catch_up()).values()} == {0}
        number = await after.people.file(500)
        await after.rig.settle()
        assert (await after.people.case(number))["state"] == "to_accept"


async def test_a_service_does_not_start_on_an_older_copy_and_says_what_to_do(
    tmp_path: Path, clock: ManualClock, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, copies = tmp_path / "data", tmp_path / "copies"
    async with world(folder, clock) as before:
        await before.rig.settle()
        copy(folder, copies)
        await before.people.file(1)
        await before.rig.settle()
    put_back(copies, folder, ["tracker"])
    async with world(folder, clock) as after:
        tracker, died = after.rig.services["tracker"], asyncio.Event()
        tracker.on_death = lambda loop: died.set() if loop == "tracker.opening" else None
        await tracker.start()
        async with asyncio.timeout(20):
            await died.wait()
        assert (await tracker.checks())["loops"] is False
        assert tracker.consumer.subscription is None
        await tracker.stop()
    assert "yousu catch-up" in "".join(capsys.readouterr())
