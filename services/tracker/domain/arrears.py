"""A sum owed: what was claimed, verified, repaid and put under agreement, as totals."""

from dataclasses import dataclass, fields
from decimal import Decimal

from shared.errors import FieldError


@dataclass(frozen=True, slots=True)
class Totals:
    """Totals in yuan; None where nothing is known yet."""

    claimed: Decimal | None = None
    verified: Decimal | None = None
    repaid: Decimal | None = None
    under_agreement: Decimal | None = None

    def merged(self, newer: "Totals") -> "Totals":
        """These totals with what is newly known."""
        found = {f.name: getattr(newer, f.name) for f in fields(self)}
        return Totals(**{name: getattr(self, name) if value is None else value for name, value in found.items()})


def fault(totals: Totals) -> FieldError | None:
    """What contradicts itself in these totals: nobody repays or agrees on more than was verified."""
    settled = (totals.repaid or Decimal(0)) + (totals.under_agreement or Decimal(0))
    if settled and totals.verified is None:
        return FieldError("verified", "已归还或达成协议的，应先登记认定金额")
    if totals.verified is not None and settled > totals.verified:
        return FieldError("verified", f"认定金额 {totals.verified} 小于已归还与达成协议之和 {settled}")
    return None
