"""The decision: the chosen matter, else a plain text, else the channel for whom there is one, else a person."""

from dataclasses import replace

from services.router.domain.channels import channel
from services.router.domain.readings import STRAY, chances_of, contradiction, plain
from services.router.domain.responsibility import assign, lead_of
from services.router.domain.values import UNREAD, Decision, NeedsTriage, Question, Read, Reading
from shared.reference import Mapping


def decide(question: Question, mapping: Mapping, read: Read = UNREAD) -> Decision:
    """By a chosen matter that the text does not contradict, a plain text, a channel, or a person."""
    if question.matter is not None:
        return _by_choice(question, question.matter, mapping, read)
    best = plain(question, mapping, read)
    if best is None:
        return _by_channel(question, mapping, read)
    matter = mapping.matters[best.ref]
    said = f"按文字判断为事项 {matter.ref}（{matter.title}），把握 {best.score:.0%}"
    found = assign(question, matter, mapping, said)
    return (
        replace(found, candidates=(best,), out_of_scope=read.out_of_scope) if isinstance(found, NeedsTriage) else found
    )


def _by_choice(question: Question, ref: str, mapping: Mapping, read: Read) -> Decision:
    if ref not in mapping.matters:
        return NeedsTriage(read.candidates, (f"所选事项 {ref} 不在现行事项表 {mapping.version} 中",), read.out_of_scope)
    matter = mapping.matters[ref]
    chosen = f"企业选择了事项 {matter.ref}（{matter.title}）"
    other = contradiction(question, matter, mapping, read)
    if other is None:
        return assign(question, matter, mapping, chosen)
    said = mapping.matters[other.ref]
    both = (Reading(ref, chances_of(question, mapping, read).get(lead_of(question, matter, mapping), 0.0)), other)
    told = f"文字说的却像是事项 {said.ref}（{said.title}），把握 {other.score:.0%}"
    return NeedsTriage(both, (chosen, told, "所选事项与文字明显不符，由人工研判"), read.out_of_scope)


def _by_channel(question: Question, mapping: Mapping, read: Read) -> Decision:
    found = channel(question, mapping, read)
    if found is None:
        return NeedsTriage(read.candidates, _why_not(read), read.out_of_scope)
    reading, why = found
    return assign(question, mapping.matters[reading.ref], mapping, why)


def _why_not(read: Read) -> tuple[str, ...]:
    if read.out_of_scope >= STRAY:
        return (f"没有选择事项；文字看来不属于受理范围（{read.out_of_scope:.0%}），由人工研判",)
    return ("没有选择事项，从文字也不能确定，由人工研判",)
