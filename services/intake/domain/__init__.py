"""What intake decides: what may leave it, what a complainant sees and may do, and who may look at what is sealed."""

from services.intake.domain.grants import granted
from services.intake.domain.possible import ACTIONS, Action, allow, possible
from services.intake.domain.timeline import told
from services.intake.domain.view import Ask, Review, Status, View, follow, is_late, is_met
from shared.masking import mask

__all__ = [
    "ACTIONS",
    "Action",
    "Ask",
    "Review",
    "Status",
    "View",
    "allow",
    "follow",
    "granted",
    "is_late",
    "is_met",
    "mask",
    "possible",
    "told",
]
