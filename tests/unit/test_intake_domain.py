"""What intake lets out, and what a complainant sees."""

import pytest

from services.intake.domain import follow, mask


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("请打13803711234找我", "请打【电话】找我"),
        ("请打138 0371 1234找我", "请打【电话】找我"),
        ("手机+86-138-0371-1234", "手机【电话】"),
        ("座机0371-65501234。", "座机【电话】。"),
        ("身份证410105198001011234", "身份证【证件号】"),
        ("身份证41010519800101123X", "身份证【证件号】"),
        ("账号6222 0213 0400 5678 901", "账号【账号】"),
        ("邮箱li.jg@example.com收", "邮箱【邮箱】收"),
        ("手机１３８０３７１１２３４", "手机【电话】"),
        ("拖欠1260000.00元，2022年3月起", "拖欠1260000.00元，2022年3月起"),
        ("豫政办〔2021〕54号", "豫政办〔2021〕54号"),
    ],
)
def test_personal_numbers_are_masked_and_others_stay(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    ("status", "seen", "after"),
    [
        ("filed", "assigned", "assigned"),
        ("handling", "assigned", "handling"),
        ("replied", "handling", "replied"),
        ("resolved", "handling", "resolved"),
        ("withdrawn", "handling", "withdrawn"),
        ("withdrawn", "resolved", "resolved"),
    ],
)
def test_a_status_only_goes_forward_and_a_resolution_beats_a_withdrawal(status: str, seen: str, after: str) -> None:
    assert follow(status, seen) == after  # type: ignore[arg-type]
