"""How a complaint stands, as the API answers it and the pages show it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.intake import store
from services.intake.domain import View, is_met, possible
from services.intake.tables import Complaint, Entry
from shared.events import Due


def described(complaint: Complaint, entries: Sequence[Entry]) -> dict[str, Any]:
    """What the complainant sees: how it stands, what is asked and possible, and what happened."""
    view = store.view_of(complaint)
    filed = {"at": complaint.filed_at, "what": "filed"}
    missed = [_missed(entry) for entry in entries if entry.what == "missed"]
    refusals = [entry.detail for entry in entries if entry.what == "refused"]
    asked = view.asks[0] if view.status == "supplement_needed" else None
    return {
        "number": complaint.number,
        "status": view.status,
        "filed_at": complaint.filed_at,
        "region": complaint.region,
        "matter": view.matter,
        "lead_agency": view.lead_agency,
        "co_agencies": list(view.co_agencies),
        "deadlines": [_deadline(view, due, missed) for due in view.deadlines],
        "asked": {"reason": asked.reason, "due_at": asked.due_at} if asked else None,
        "refusal": refusals[-1] if view.status == "refused" and refusals else None,
        "supervised": any(entry.what == "supervised" for entry in entries),
        "reassigning": view.step == "returned" and view.ended is None,
        "rated": view.rated if view.status == "resolved" else None,
        "review": view.review if view.status == "resolved" else None,
        "possible": list(possible(view)),
        "timeline": [filed, *({"at": entry.at, "what": entry.what, **entry.detail} for entry in entries)],
    }


def _missed(entry: Entry) -> tuple[str, datetime]:
    return entry.detail["stage"], datetime.fromisoformat(entry.detail["due_at"])


def _deadline(view: View, due: Due, missed: Sequence[tuple[str, datetime]]) -> dict[str, Any]:
    late = (due.stage, due.due_at) in missed
    return {"stage": due.stage, "due_at": due.due_at, "met": is_met(view, due.stage), "missed": late}
