"""`python -m services.tracker.domain` prints the table of states for the docs."""

import sys

from services.tracker.domain.states import table

sys.stdout.write(table() + "\n")
