"""The board as pages: the numbers with plots, the cases behind each, one case whole, the printable monthly report."""

from services.tracker.pages import board, cases, files, report

#: Every page, and the report as PDF.
ROUTES = (board.routes, cases.routes, report.routes, report.api, files.routes)

__all__ = ["ROUTES"]
