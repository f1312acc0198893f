"""Who may look at what is sealed: the agency that handles the complaint, never the one it is about; who supervises."""

from collections.abc import Collection

from shared.auth import Principal
from shared.reference import Mapping


def respondents(code: str | None, name: str | None, mapping: Mapping) -> list[str]:
    """Every agency code that is the body complained about, by its code or by its name, its successors included."""
    named = (mapping.agencies.get(code or ""), mapping.find_agency(name) if name else None)
    found = {agency.code for agency in named if agency}
    found |= {successor.code for agency in named if agency for successor in agency.successors}
    return sorted(found | ({code} if code else set()))


def granted(caller: Principal, lead_agency: str | None, avoided: Collection[str]) -> bool:
    """The grant goes with the assignment: to its lead agency until another is named, and to nobody complained about."""
    if caller.role == "agency":
        return caller.agency is not None and caller.agency == lead_agency and caller.agency not in avoided
    return caller.role in ("dispatcher", "supervisor", "admin")
