"""Complaints as tests file them."""

import random
from typing import Any

from shared.reference.identifiers import USCC_ALPHABET, uscc_check_character

#: Changes of a complaint after which no reader is sure what it is about.
UNCLEAR: dict[str, Any] = {
    "title": "有事相求",
    "description": "有些事情想反映，电话里说不清楚，请联系我们。",
    "matter": None,
}


def uscc(seed: int = 1) -> str:
    """A valid 统一社会信用代码, another one for another seed."""
    chance = random.Random(seed)
    body = "91410100" + "".join(chance.choice(USCC_ALPHABET) for _ in range(9))
    return body + uscc_check_character(body)


def complaint(seed: int = 1, **changes: Any) -> dict[str, Any]:
    """A complaint whose every field is right; `changes` replace top-level fields, None removes one."""
    body: dict[str, Any] = {
        "enterprise": {"name": "郑州宏远阀门有限公司", "uscc": uscc(seed)},
        "contact": {"name": "李建国", "phone": "13803711234"},
        "region": "410102",
        "title": "镇政府拖欠道路工程款两年",
        "description": "我公司二〇二四年为镇里修路，验收后一直没有付款，请求尽快支付。",
        "matter": "6.problem.4",
    }
    return {name: value for name, value in {**body, **changes}.items() if value is not None}
