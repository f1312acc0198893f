"""Cursors of lists: opaque to the caller, {…, next}, `next` null at the end."""

import base64
import binascii
from datetime import UTC, datetime
from typing import Any

from pydantic_core import from_json, to_json

from shared.errors import FieldError, Invalid
from shared.web.storable import fault


def cursor(*place: Any) -> str:
    """An opaque word for this place in a list."""
    return base64.urlsafe_b64encode(to_json(place)).decode().rstrip("=")


def place(word: str | None) -> tuple[datetime, str] | None:
    """The (moment, number) behind a cursor; Invalid when it is none of ours."""
    if word is None:
        return None
    try:
        moment, number = from_json(base64.urlsafe_b64decode(word + "=" * (-len(word) % 4)))
        found = datetime.fromisoformat(moment)
        if found.tzinfo is None or not isinstance(number, str) or fault(number):
            raise ValueError
        return found.astimezone(UTC), number
    except (ValueError, TypeError, OverflowError, binascii.Error):
        raise Invalid([FieldError("cursor", "不是本系统给出的翻页标记")], kind="cursor-invalid") from None
