"""The embedded system, for holding documents against it."""

from tests.integration.conftest import system

__all__ = ["system"]
