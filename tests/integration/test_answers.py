"""The answers of the running services are those of the document: each in a whole life, and any that a test receives."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from pydantic_core import to_json
from sqlalchemy import text

from shared.auth import Role
from shared.composition import issuer
from shared.testing import ManualClock
from shared.web.documents_openapi import given_answers
from tests.integration.answers import Answer, faults, operation_of, operations
from tests.integration.examples import CODE, SECRET, chosen
from tests.integration.life import all_answers
from tests.integration.tracker_alone import TrackerAlone, tracker_alone


@pytest.fixture
async def tracker(tmp_path: Path, clock: ManualClock) -> AsyncIterator[TrackerAlone]:
    async with tracker_alone(tmp_path, clock) as running:
        yield running


@pytest.fixture
async def answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Answer]:
    """Everything that is answered in a whole life, each held to the document as it came."""
    monkeypatch.setenv("YOUSU_TRACKER_WEBHOOK_PRIVATE", "true")
    return list(await all_answers(tmp_path))


async def test_every_operation_answers_as_the_document_says_and_its_example_is_such_an_answer(
    answers: list[Answer],
) -> None:
    described = {
        (name, status)
        for name, operation in operations().items()
        for status, answer in operation["responses"].items()
        if "$ref" not in answer
    }
    assert {(answer.operation, answer.status) for answer in answers} == described
    kinds = {operation: set(shown) for operation, shown in chosen(answers).items()}
    assert {operation: set(shown) for operation, shown in given_answers().items()} == kinds, (
        "run `python -m tests.integration.life`"
    )


def test_an_example_tells_no_secret_of_the_run_it_comes_from() -> None:
    assert given_answers()["intake_file"]["201"]["access_code"] == CODE
    assert given_answers()["tracker_webhooks_rotate_secret"]["200"]["secret"] == SECRET


def test_an_answer_that_leaves_its_model_is_noticed() -> None:
    good = given_answers()["tracker_case"]["200"]
    answer = Answer("tracker_case", "200", "application/json", to_json(good))
    assert list(faults(answer)) == []
    late = {**good["deadlines"][0], "due_at": "2026-03-11"}
    without_state = {name: value for name, value in good.items() if name != "state"}
    for bad, told in (
        ({**good, "holder": "w1"}, "$: Additional properties are not allowed ('holder' was unexpected)"),
        (without_state, "$: 'state' is a required property"),
        ({**good, "version": "3"}, "$.version: '3' is not of type 'integer'"),
        ({**good, "possible": ["dance"]}, "$.possible[0]: 'dance' is not one of"),
        ({**good, "deadlines": [late]}, "$.deadlines[0].due_at: '2026-03-11' is not a 'date-time'"),
    ):
        (fault,) = faults(replace(answer, content=to_json(bad)))
        assert fault.startswith(told)
    assert list(faults(replace(answer, status="418"))) == ["tracker_case does not say that it may answer 418"]
    assert list(faults(replace(answer, media="text/html"))) == ["text/html instead of application/json"]


def test_an_answer_is_held_to_the_operation_whose_path_is_the_most_particular() -> None:
    assert operation_of("GET", "/api/v1/routing/accuracy") == "router_accuracy"
    assert operation_of("GET", "/api/v1/routing/2603101234567891") == "router_explain"
    assert operation_of("GET", "/board") is None


async def test_one_odd_row_does_not_close_the_page_for_all_others(tracker: TrackerAlone) -> None:
    numbers = [await tracker.opened(), await tracker.opened()]
    async with tracker.service.database.writing() as session:
        await session.execute(text("UPDATE case_ SET state = 'of-tomorrow' WHERE number = :n"), {"n": numbers[0]})
    role: Role = "supervisor"
    headers = {"Authorization": f"Bearer {issuer(tracker.rig.around.settings).token(role)}"}
    transport = httpx.ASGITransport(tracker.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://yousu.test", headers=headers) as http:
        seen = await http.get("/api/v1/cases")
    assert {case["number"]: case["state"] for case in seen.json()["cases"]} == {
        numbers[0]: "of-tomorrow",
        numbers[1]: "to_accept",
    }
