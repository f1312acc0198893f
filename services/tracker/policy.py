"""The clock's policy, as data: per class of case the stage limits, by date of effect."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

from shared.calendar import Calendar, due
from shared.clock import in_shanghai

Stage = Literal["accept", "reply", "resolve"]
Unit = Literal["working_day", "calendar_day"]
STAGES: tuple[Stage, ...] = ("accept", "reply", "resolve")


@dataclass(frozen=True, slots=True)
class Policy:
    """Limits as (count, unit) per class and stage; a yellow card falls due `warn_working_days` before the limit."""

    effective_from: date
    warn_working_days: int
    limits: Mapping[str, Mapping[Stage, tuple[int, Unit]]]

    def due_times(self, case_class: str, start: datetime, calendar: Calendar) -> dict[Stage, datetime]:
        """The last moment of each stage for a case that starts then."""
        return {stage: due(start, *self.limits[case_class][stage], calendar) for stage in STAGES}


@cache
def _policies() -> tuple[Policy, ...]:
    found: list[Any] = yaml.safe_load((Path(__file__).parent / "policy.yaml").read_text(encoding="utf-8"))
    read = [
        Policy(
            one["effective_from"],
            one["warn_working_days"],
            {name: {stage: tuple(limits[stage]) for stage in STAGES} for name, limits in one["classes"].items()},
        )
        for one in found
    ]
    return tuple(sorted(read, key=lambda policy: policy.effective_from))


def policy_on(moment: datetime) -> Policy:
    """The policy in force at this moment."""
    day = in_shanghai(moment).date()
    return next(policy for policy in reversed(_policies()) if policy.effective_from <= day)
