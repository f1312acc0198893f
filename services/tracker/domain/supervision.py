"""Cards and the ladder of supervision: 催办 before due, notice on the first day late, bulletin, order 督办."""

from collections.abc import Iterable
from typing import Literal

from services.tracker.domain.clock import LEADS

Card = Literal["yellow", "red"]
Why = Literal["supervisor", "red_card", "rating", "key_supervision"]
#: 差评: the last two of the five grades.
BAD_GRADE = 2
#: Reasons to watch a case, as the router gives them.
KEY_NAMES = {"large_amount": "金额较大", "long_overdue": "长期拖欠", "repeated": "多次投诉"}
WHY_NAMES: dict[Why, str] = {
    "supervisor": "督办人员督办",
    "red_card": "红牌督办",
    "rating": "差评督办",
    "key_supervision": "重点督办",
}
_RANK: dict[str | None, int] = {None: 0, "yellow": 1, "red": 2}


def worst(cards: Iterable[str | None]) -> str | None:
    """The worst of these cards."""
    return max(cards, key=lambda card: _RANK[card], default=None)


def ordered_by_red(stage: str, agency: str | None, lead: str | None, switch: bool, earlier: Iterable[str]) -> bool:
    """Whether a red card gives an order by itself: the lead's own stages, once each, where the policy says so."""
    return switch and stage in LEADS and agency == lead and stage not in set(earlier)


def order_id(number: str, ordinal: int) -> str:
    """The number of a supervision order, made from the complaint's own."""
    return f"DB{number}-{ordinal}"


def request_id(number: str, ordinal: int) -> str:
    """The number of a request for more time, made from the complaint's own."""
    return f"YQ{number}-{ordinal}"


def number_in(word: str, prefix: str) -> str | None:
    """The complaint's number in such a number; None when it is none."""
    body, _, ordinal = word.removeprefix(prefix).partition("-")
    return body if word.startswith(prefix) and body.isdigit() and ordinal.isdigit() else None
