"""The decision, pure and explained: matter, then who is named, then who may not be, then which class of case.

The five forms of responsibility and the rules on top are those of 附件 1 of the 2022 report and of domain words
牵头、会办、责任单位; every decision lists its reasons in Chinese.
"""

from services.router.domain.decision import decide
from services.router.domain.readings import STRAY
from services.router.domain.responsibility import assign, assign_to, case_class, fallback, respondents
from services.router.domain.values import (
    UNREAD,
    Assigned,
    CaseClass,
    Decision,
    NeedsTriage,
    Question,
    Read,
    Reading,
)
from services.router.domain.watch import Thresholds, key_supervision

__all__ = [
    "STRAY",
    "UNREAD",
    "Assigned",
    "CaseClass",
    "Decision",
    "NeedsTriage",
    "Question",
    "Read",
    "Reading",
    "Thresholds",
    "assign",
    "assign_to",
    "case_class",
    "decide",
    "fallback",
    "key_supervision",
    "respondents",
]
