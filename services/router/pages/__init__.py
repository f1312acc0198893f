"""The triage desk as pages; they call what the API calls."""

from services.router.pages.routes import routes

__all__ = ["routes"]
