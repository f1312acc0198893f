"""Special channels of the report for whom the text alone does not place: arrears of a public body, foreign-invested.

Sources: 2022 report, item 6 (arrears → 工业和信息化, works and procurement with 财政)
and item 2 (外资 → 发展改革、商务、工商联).
"""

import re

from services.router.domain.values import Question, Read, Reading
from shared.reference import Mapping

FOREIGN = "2.opinion.2"
#: Some chance of arrears is enough when a sum is claimed from a public body.
_ARREARS = 0.25
#: A text that is rather none of ours goes to a person, whoever wrote it.
_STRAY = 0.2
_PUBLIC = re.compile(
    r"(政府|委员会|管委会|办事处|街道办?|局|厅|法院|公安|学校|中学|小学|大学|学院|医院|卫生院|中心|镇|乡|村委会"
    r"|(城|交|水|建|文|旅)[投发]?(集团|公司|有限公司)|投资集团)(.{0,6})$"
)


def channel(question: Question, mapping: Mapping, read: Read) -> tuple[Reading, str] | None:
    """The matter of the channel, and why it; None without one."""
    if read.out_of_scope >= _STRAY or not read.candidates:
        return None
    if question.amount is not None and public(question, mapping):
        owed = [r for r in read.candidates if r.ref in mapping.matters and mapping.matters[r.ref].arrears]
        if sum(r.score for r in owed) >= _ARREARS:
            return owed[0], "向公共单位主张欠款，按拖欠账款专门渠道"
    if question.foreign_invested and FOREIGN in mapping.matters:
        return Reading(FOREIGN, read.candidates[0].score), "外商投资企业的投诉，按外资专门渠道"
    return None


def public(question: Question, mapping: Mapping) -> bool:
    """Whether the respondent is a public body, by its code, its name in the directory, or what its name ends in."""
    if question.respondent_agency:
        return True
    name = (question.respondent or "").strip()
    return bool(name) and (mapping.find_agency(name) is not None or _PUBLIC.search(name) is not None)
