"""The documents of the API and of the fact stream, held against the code and against their published schemas.

The schema of AsyncAPI comes from the npm package @asyncapi/specs.
"""

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from jsonschema import Draft7Validator, Draft202012Validator, ValidationError
from openapi_spec_validator import OpenAPIV31SpecValidator
from pydantic import TypeAdapter
from typer.testing import CliRunner

from services.yousu.command import app as commands
from services.yousu.distributed import gateway
from services.yousu.documents import as_text, built, generated
from shared.auth import ROLES
from shared.errors import Problem
from shared.events import FACTS, decode
from shared.reference.identifiers import number_problem
from shared.runtime import Service
from shared.web import documents, operations
from shared.web.documents_asyncapi import publisher
from shared.web.documents_fields import BODY, NUMBER, OTHER
from shared.web.documents_openapi import given_answers, wordless
from shared.web.documents_page import facts, models
from shared.web.documents_page import operations as shown_operations
from shared.web.documents_problems import PROBLEMS, TRACE_ID
from shared.web.documents_rows import rows
from shared.web.documents_schema import nameless
from shared.web.documents_words import FACT, MODEL
from tests.architecture.test_compose import answered_by
from tests.conftest import from_npm
from tests.integration.answers import Answer, faults

ROOT = Path(__file__).parents[2]
GOLDEN = sorted((ROOT / "tests" / "unit" / "golden").glob("*.json"))
Document = dict[str, Any]


def published(name: str) -> Document:
    """The committed document."""
    found: Document = json.loads((ROOT / "docs" / "api" / name).read_text(encoding="utf-8"))
    return found


API, STREAM = published("openapi.json"), published("asyncapi.json")
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, operations in API["paths"].items()
    for method, operation in operations.items()
}


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Service[Any]]:
    """The services as composed."""
    return {service.name: service for service in built(tmp_path_factory.mktemp("built"))}


def routes_of(services: dict[str, Service[Any]]) -> Iterator[APIRoute]:
    """Every route of every service, and of each process for operators, that belongs into the document."""
    for routers in [*(service.spec.routes for service in services.values()), (operations.routes,)]:
        for router in routers:
            yield from (route for route in router.routes if isinstance(route, APIRoute) and route.include_in_schema)


def resolved(schema: Document) -> Document:
    """This schema with the document's components beside it, so that its references are found."""
    return {**schema, "components": STREAM["components"]}


def test_the_committed_documents_are_those_the_code_makes() -> None:
    for name, document in generated().items():
        assert (ROOT / "docs" / "api" / name).read_text(encoding="utf-8") == as_text(document), (
            f"{name} is out of step: run `yousu docs write`"
        )


def test_the_command_writes_the_same_files_every_time(tmp_path: Path) -> None:
    for folder in ("once", "again"):
        result = CliRunner().invoke(commands, ["docs", "write", "--into", str(tmp_path / folder)])
        assert result.exit_code == 0, result.output
    for name in ("openapi.json", "asyncapi.json"):
        assert (tmp_path / "once" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


def test_what_is_served_is_what_is_committed() -> None:
    assert (ROOT / "docs" / "api" / "openapi.json").resolve().parent == documents.FOLDER
    assert (documents.document("openapi.json"), documents.document("asyncapi.json")) == (API, STREAM)


def test_openapi_fits_the_published_schema_of_3_1() -> None:
    assert API["openapi"].startswith("3.1.")
    assert [error.message for error in OpenAPIV31SpecValidator(cast(Any, API)).iter_errors()] == []


def test_a_broken_openapi_document_would_be_noticed() -> None:
    broken = {**API, "paths": {"/x": {"get": {"responses": {"200": {}}}}}}
    assert [error.message for error in OpenAPIV31SpecValidator(cast(Any, broken)).iter_errors()]


def test_asyncapi_fits_the_published_schema_of_3_0() -> None:
    specs = from_npm("@asyncapi/specs", "6.11.1")
    schema = json.loads((specs / "schemas" / "3.0.0.json").read_text(encoding="utf-8"))
    validator = Draft7Validator(schema)
    assert [f"{list(error.absolute_path)}: {error.message[:300]}" for error in validator.iter_errors(STREAM)] == []
    assert list(validator.iter_errors({**STREAM, "channels": {"facts": {"adress": "x"}}}))


def test_every_reference_in_both_documents_leads_somewhere() -> None:
    for document in (API, STREAM):
        for reference in references(document):
            here: Any = document
            for step in reference.removeprefix("#/").split("/"):
                here = here[step.replace("~1", "/")]


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for one in value.values():
            yield from references(one)
    if isinstance(value, list):
        for one in value:
            yield from references(one)


def test_every_route_of_every_service_is_in_the_document_and_nothing_else(services: dict[str, Service[Any]]) -> None:
    there = {f"{method} {route.path}" for route in routes_of(services) for method in route.methods or ()}
    assert len(there) > 30
    assert there == OPERATIONS.keys()
    assert {operation["tags"][0] for operation in OPERATIONS.values()} == {*services, "operations"}


def test_every_route_parameter_field_and_fact_has_its_chinese_words() -> None:
    assert list(wordless(API)) == []
    assert [field for document in (API, STREAM) for field in nameless(document["components"]["schemas"])] == []
    assert FACT.keys() == FACTS.keys()


def test_the_example_of_every_body_is_one_its_route_takes(services: dict[str, Service[Any]]) -> None:
    tried = set[str]()
    for route in routes_of(services):
        for method in route.methods or ():
            body = OPERATIONS[f"{method} {route.path}"].get("requestBody")
            if body is not None:
                assert route.body_field is not None
                taken: TypeAdapter[Any] = TypeAdapter(cast(Any, route.body_field.field_info.annotation))
                taken.validate_python(body["content"]["application/json"]["example"])
                tried.add(f"{method} {route.path}")
    assert tried >= BODY.keys()


def test_who_may_ask_is_who_the_route_lets_in() -> None:
    assert OPERATIONS["POST /api/v1/complaints"]["security"] == [{}, {"bearer": []}]
    assert OPERATIONS["GET /api/v1/complaints/{number}"]["security"] == [{"accessCode": []}, {"bearer": []}]
    assert OPERATIONS["GET /api/v1/matters"]["security"] == []
    assert OPERATIONS["GET /api/v1/triage"]["security"] == [{"bearer": ["dispatcher", "supervisor"]}]
    assert OPERATIONS["GET /api/v1/parked/{service}"]["security"] == [{"bearer": ["admin"]}]
    named = {role for one in OPERATIONS.values() for way in one["security"] for role in way.get("bearer", ())}
    assert named <= set(ROLES)


def test_credentials_stand_as_security_schemes_and_not_as_headers() -> None:
    headers = {p["name"].lower() for one in OPERATIONS.values() for p in one.get("parameters", ())}
    assert not headers & {"authorization", "x-access-code"}
    assert "idempotency-key" in headers


def test_every_problem_is_described_with_an_example_in_its_own_media_type() -> None:
    assert {type(problem) for problem in PROBLEMS} == set(Problem.__subclasses__())
    for problem in PROBLEMS:
        body = API["components"]["responses"][type(problem).__name__]["content"]["application/problem+json"]
        assert body["schema"] == {"$ref": "#/components/schemas/Problem"}
        assert body["example"] == {**problem.as_dict(), "trace_id": TRACE_ID}
        schema = API["components"]["schemas"]["Problem"]
        Draft202012Validator(schema).validate(body["example"])
        assert body["example"].keys() <= schema["properties"].keys()


def answers() -> Iterator[tuple[str, str, Document]]:
    """Every answer that is no problem, with the id of its operation and its status."""
    for operation in OPERATIONS.values():
        for status, answer in operation["responses"].items():
            if "$ref" not in answer:
                yield operation["operationId"], status, answer


def test_every_answer_is_a_described_model_a_file_or_a_problem() -> None:
    for operation, status, answer in answers():
        if status == "204":
            assert "content" not in answer
            continue
        ((media, content),) = answer["content"].items()
        if media == "application/json":
            named = content["schema"].get("anyOf", [content["schema"]])
            assert all(one["$ref"].startswith("#/components/schemas/") for one in named), operation
        else:
            assert content["schema"]["type"] == "string", operation
    own = {(operation, status) for operation, status, _ in answers() if status >= "400"}
    assert own == {("operations_healthz", "503"), ("operations_readyz", "503")}


def test_every_answer_that_people_can_read_has_an_example_that_fits_it() -> None:
    tried = set[str]()
    for operation, status, answer in answers():
        for media, content in answer.get("content", {}).items():
            if content["schema"].get("format") == "binary":
                continue
            example = content["example"]
            body = example if isinstance(example, str) else json.dumps(example)
            assert list(faults(Answer(operation, status, media, body.encode()))) == []
            tried.add(operation)
    assert tried == given_answers().keys()


def test_a_list_says_how_its_next_page_is_asked_for() -> None:
    pages = {name: one for name, one in API["components"]["schemas"].items() if "next" in one.get("properties", {})}
    assert len(pages) >= 8
    for schema in pages.values():
        assert "cursor" in schema["properties"]["next"]["description"]
        assert "next" in schema["required"]
    for place, operation in OPERATIONS.items():
        answered = (
            operation["responses"].get("200", {}).get("content", {}).get("application/json", {}).get("schema", {})
        )
        if answered.get("$ref", "").rpartition("/")[2] in pages:
            assert {"cursor", "limit"} <= {one["name"] for one in operation["parameters"]}, place


def test_the_numbers_of_the_examples_are_numbers_that_a_complaint_may_have() -> None:
    assert (number_problem(NUMBER), number_problem(OTHER)) == (None, None)


def test_a_route_without_a_body_or_parameters_promises_no_fault_of_them() -> None:
    assert "422" not in OPERATIONS["GET /api/v1/matters"]["responses"]
    filing = OPERATIONS["POST /api/v1/complaints"]["responses"]
    assert filing.keys() >= {"201", "401", "409", "413", "422", "503"}
    assert filing["422"] == {"$ref": "#/components/responses/Invalid"}
    assert "429" in OPERATIONS["GET /api/v1/complaints/{number}"]["responses"]


def test_every_fact_has_one_publisher_and_the_listeners_that_handle_it(services: dict[str, Service[Any]]) -> None:
    for shown in facts(STREAM):
        fact = FACTS[shown.name]
        assert shown.publishers == [publisher(fact)]
        assert shown.listeners == [name for name, service in services.items() if fact in service.spec.handlers]


@pytest.mark.parametrize("service", ["intake", "router", "tracker"])
def test_no_service_makes_a_fact_that_another_one_publishes(service: str) -> None:
    sources = (ROOT / "services" / service).rglob("*.py")
    calls = (node for path in sources for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    names = {_called(node) for node in calls if isinstance(node, ast.Call)}
    made = {name for name in names if name in FACTS}
    assert made
    assert {name: publisher(FACTS[name]) for name in made} == dict.fromkeys(made, service)


def _called(node: ast.Call) -> str | None:
    called = node.func
    return called.id if isinstance(called, ast.Name) else called.attr if isinstance(called, ast.Attribute) else None


@pytest.mark.parametrize("name", FACTS)
def test_the_example_of_every_fact_can_be_read_from_the_wire(name: str) -> None:
    example = STREAM["components"]["messages"][name]["examples"][0]["payload"]
    assert decode(json.dumps(example).encode()) is not None
    Draft202012Validator(resolved(STREAM["components"]["schemas"][name])).validate(example)


@pytest.mark.parametrize("path", [path for path in GOLDEN if "before" not in path.name], ids=lambda path: path.stem)
def test_the_bytes_on_the_wire_fit_the_documents_schema(path: Path) -> None:
    body = json.loads(path.read_bytes())
    schema = STREAM["components"]["schemas"][body["type"]]
    Draft202012Validator(resolved(schema)).validate(body)
    assert body.keys() <= schema["properties"].keys()
    with pytest.raises(ValidationError, match=r"1 was expected"):
        Draft202012Validator(resolved(schema)).validate({**body, "version": 99})


@pytest.mark.parametrize("path", ["/docs", "/openapi.json", "/asyncapi.json"])
def test_the_documents_come_from_one_service_through_the_gateway(path: str) -> None:
    assert answered_by(path) == "intake"
    assert next(service for start, service in gateway.ROUTES if path.startswith(start)) == "intake"


async def test_a_process_that_holds_no_service_tells_of_all() -> None:
    app = FastAPI(openapi_url=None)
    app.include_router(documents.routes)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://yousu.test") as http:
        page, api, stream = [await http.get(path) for path in ("/docs", "/openapi.json", "/asyncapi.json")]
    assert (api.json(), stream.json()) == (API, STREAM)
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert all(f'id="{operation["operationId"]}"' in page.text for operation in OPERATIONS.values())
    assert all(f'id="{fact}"' in page.text for fact in FACTS)


def test_the_page_lists_what_is_nested_and_what_is_asked_of_it() -> None:
    schemas = API["components"]["schemas"]
    found = {row.name: row for row in rows({"$ref": "#/components/schemas/NewComplaint"}, schemas)}
    assert found["contact.phone"].required
    assert found["contact.phone"].label == "联系电话"
    assert "至多 100 字" in found["title"].rules
    assert not found["amount"].required
    held = {row.name for row in rows({"$ref": "#/components/schemas/ComplaintHeld"}, STREAM["components"]["schemas"])}
    assert "candidates[].score" in held


def test_the_page_shows_each_answer_by_its_fields_or_by_the_model_that_others_answer_with_too() -> None:
    shown = {one.id: one for found in shown_operations(API).values() for one in found}
    assert {model.name for model in models(API)} == MODEL.keys()
    (filed, *_) = shown["intake_file"].answers
    assert ({"access_code", "links.page"} <= {row.name for row in filed.fields}, filed.model) == (True, None)
    assert '"access_code"' in str(filed.example)
    (resolved, *_) = shown["tracker_resolve"].answers
    assert (resolved.model, [row.name for row in resolved.fields]) == ("Case", ["missing_opinions"])
    (revealed, *_) = shown["intake_reveal"].answers
    assert {"phone", "description"} <= {row.name for row in revealed.fields}
