"""What a route answers: documented by its view's return type, sent as the view made it.

mypy holds the view to its type, and the tests hold every real answer to the document. A check while serving as well
would let one odd row close a whole page.
"""

from collections.abc import Callable
from typing import Annotated, Any, get_args, get_type_hints

from fastapi import Response
from fastapi.datastructures import DefaultPlaceholder
from fastapi.routing import APIRoute
from pydantic import GetCoreSchemaHandler, WithJsonSchema
from pydantic_core import CoreSchema, core_schema

#: A sum of money as it is sent and told: text, so that no float comes between.
AS_TEXT = WithJsonSchema({"type": "string", "pattern": r"^\d+(\.\d{1,2})?$"})


class Unchecked:
    """Marks a type that is described in the document and not enforced: neither looked at nor changed on its way out."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        as_it_is = core_schema.simple_ser_schema("any")
        return core_schema.json_or_python_schema(handler(source), core_schema.any_schema(), serialization=as_it_is)


class Answering(APIRoute):
    """A route whose answer is what its view says it returns; the route class of every router of the API."""

    def __init__(self, path: str, endpoint: Callable[..., Any], *, response_model: Any, **more: Any) -> None:
        told = get_type_hints(endpoint, include_extras=True).get("return")
        if isinstance(response_model, DefaultPlaceholder) and _is_model(told):
            response_model = Annotated[told, Unchecked()]
        super().__init__(path, endpoint, response_model=response_model, **more)


def _is_model(told: Any) -> bool:
    """Whether a return type describes JSON, other than nothing or a response made by hand."""
    return told not in (None, type(None)) and not (isinstance(told, type) and issubclass(told, Response))


def one_of(literal: Any) -> WithJsonSchema:
    """Text that is one of these, where a row or a fact keeps it as plain text: `Annotated[str, one_of(State)]`."""
    return WithJsonSchema({"type": "string", "enum": list(get_args(literal))})
