"""How intake's pages are rendered: its templates and words in the common frame."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from services.intake.pages import words
from shared.errors import FieldError
from shared.web.pages import Pages

_WORDS = {name: getattr(words, name) for name in dir(words) if name.isupper()}
page = Pages(Path(__file__).parent / "templates", **_WORDS).show


def faults(errors: Sequence[FieldError], form: str = "") -> Mapping[str, str]:
    """What is wrong by the field's name on the page."""
    return {f"{form}.{error.field}" if form else error.field: error.reason for error in errors}
