"""A complaint's number as a caller writes it: in a path, in a body, on a page."""

from typing import Annotated

from fastapi import Depends, Path

from shared.errors import FieldError, Invalid
from shared.reference.identifiers import normalise_number, number_problem


def kept_number(field: str, number: str) -> str:
    """The number as it is kept; Invalid, naming the field, when its check character does not fit."""
    if problem := number_problem(number):
        raise Invalid([FieldError(field, problem)], kind="number-invalid")
    return normalise_number(number)


async def number_in_path(number: Annotated[str, Path(max_length=40)]) -> str:
    return kept_number("number", number)


Number = Annotated[str, Depends(number_in_path)]
