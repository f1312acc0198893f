"""The plain pages of intake: the form, its receipt, how a complaint stands, what the complainant can do.

They work without a script.
"""

from services.intake.pages.routes import routes

__all__ = ["routes"]
