"""What intake does with a request (`Intake`) or a fact (`show`)."""

from services.intake.handlers.intake import Filing, Intake
from services.intake.handlers.showing import show

__all__ = ["Filing", "Intake", "show"]
