"""`python -m services.tracker` serves tracker alone."""

from services.tracker.app import build
from shared.serving import serve_alone

serve_alone("tracker", build)
