"""The plain pages of intake: the form, its receipt, and how a complaint stands. They work without a script."""

from services.intake.pages.routes import routes

__all__ = ["routes"]
