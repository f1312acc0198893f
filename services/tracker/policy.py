"""The clock's policy, as data: per class of case the limits of every stage, by date of effect."""

from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from shared.calendar import Unit
from shared.clock import in_shanghai

CaseClass = Literal["foreign_invested", "arrears", "general", "simple"]
#: A count and its unit.
Limit = tuple[int, Unit]
_FILE = Path(__file__).parent / "policy.yaml"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Extension(_Frozen):
    """`days` more at the most each time, so many `times`; a supervisor decides each."""

    days: int = Field(ge=0)
    times: int = Field(ge=0)


class ClassLimits(_Frozen):
    """The limits of one class of case; `resolve_cap_days` are calendar days from the start, whatever moves it."""

    accept: Limit
    return_: Limit = Field(alias="return")
    reply: Limit
    resolve: Limit
    opinion: Limit
    redo: Limit
    resolve_cap_days: int | None = None


class Common(_Frozen):
    """What holds for every class; a card falls due, and a bulletin names, by working days."""

    effective_from: date
    route: Limit
    review: Limit
    supervision: Limit
    warn_working_days: int = Field(ge=0)
    bulletin_working_days: int = Field(ge=0)
    pause_cap_working_days: int = Field(ge=0)
    extension: Extension
    supervise_on_red: bool


class CasePolicy(Common):
    """The policy as it is frozen onto a case: that of its class alone."""

    limits: ClassLimits

    def frozen(self) -> dict[str, Any]:
        """As the fact and the row keep it."""
        return self.model_dump(mode="json", by_alias=True)


class Policy(Common):
    """One version of the policy."""

    classes: Mapping[CaseClass, ClassLimits]

    def for_class(self, case_class: str) -> CasePolicy:
        """What a case of this class is measured by."""
        shared = {name: getattr(self, name) for name in Common.model_fields}
        return CasePolicy(**shared, limits=self.classes[case_class])  # type: ignore[index]


def read_policies(path: Path = _FILE) -> tuple[Policy, ...]:
    """Every version in this file, oldest first; ValidationError when it contradicts itself."""
    found = TypeAdapter(tuple[Policy, ...]).validate_python(yaml.safe_load(path.read_text(encoding="utf-8")))
    return tuple(sorted(found, key=lambda policy: policy.effective_from))


@cache
def _policies() -> tuple[Policy, ...]:
    return read_policies()


def policy_on(moment: datetime) -> Policy:
    """The policy in force at this moment; the first one before any was."""
    day = in_shanghai(moment).date()
    known = _policies()
    return next((policy for policy in reversed(known) if policy.effective_from <= day), known[0])
