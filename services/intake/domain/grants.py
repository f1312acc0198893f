"""Who may look at what is sealed: the agency that handles the complaint, never the one it is about; who supervises."""

from collections.abc import Collection

from shared.auth import Principal


def granted(caller: Principal, lead_agency: str | None, avoided: Collection[str]) -> bool:
    """The grant goes with the assignment: to its lead agency until another is named, and to nobody complained about."""
    if caller.role == "agency":
        return caller.agency is not None and caller.agency == lead_agency and caller.agency not in avoided
    return caller.role in ("dispatcher", "supervisor", "admin")
